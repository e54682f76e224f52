//! Items as short WIT-like text, for messages.
