//! Description, authors, licence and links of a package, as custom sections.
