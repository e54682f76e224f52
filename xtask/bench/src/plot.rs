//! A plot of time or memory over size, both axes logarithmic, as SVG: a straight line is a power, and its slope
//! the exponent.

use std::fmt::Write as _;

/// One line of the plot.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    pub(crate) name: String,
    /// Size and figure, both above 0.
    pub(crate) points: Vec<(f64, f64)>,
}

impl Series {
    /// The points that have a place on logarithmic axes.
    fn drawn(&self) -> impl Iterator<Item = &(f64, f64)> + Clone {
        let points = self.points.iter();
        points.filter(|(size, figure)| *size > 0.0 && *figure > 0.0)
    }

    /// The exponent of the power that fits the points from size `from` on: the slope of the straight line
    /// through their logarithms, by least squares. None of fewer than two points.
    pub(crate) fn exponent(&self, from: f64) -> Option<f64> {
        let points: Vec<(f64, f64)> = self
            .points
            .iter()
            .filter(|(size, _)| *size >= from)
            .map(|(size, figure)| (size.ln(), figure.ln()))
            .collect();
        let count = points.iter().map(|_| 1.0).sum::<f64>();
        let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
        let (x, y) = (mean(|point| point.0), mean(|point| point.1));
        let above: f64 = points
            .iter()
            .map(|point| (point.0 - x) * (point.1 - y))
            .sum();
        let below: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
        (below > 0.0).then_some(above / below)
    }
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 190.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 40.0;
const COLOURS: [&str; 8] = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000", "#999999",
];

/// The plot. `unit` is what the figures are in.
pub(crate) fn svg(title: &str, unit: &str, series: &[Series]) -> String {
    let all = || series.iter().flat_map(Series::drawn);
    let across = Axis::over(all().map(|point| point.0), LEFT, WIDTH - RIGHT);
    let up = Axis::over(all().map(|point| point.1), HEIGHT - BOTTOM, TOP);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n\
         <text x=\"{LEFT}\" y=\"18\" font-size=\"13\">{title}</text>\n"
    );
    let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
    for (value, x) in across.ticks() {
        let _ = writeln!(
            out,
            "<path d=\"M{x:.1} {TOP}V{bottom}\" stroke=\"#ddd\"/>\
             <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{value}</text>",
            bottom + 16.0
        );
    }
    for (value, y) in up.ticks() {
        let _ = writeln!(
            out,
            "<path d=\"M{LEFT} {y:.1}H{right}\" stroke=\"#ddd\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value} {unit}</text>",
            LEFT - 4.0,
            y + 4.0
        );
    }
    for (number, series) in series.iter().enumerate() {
        let colour = COLOURS[number % COLOURS.len()];
        let points: Vec<String> = series
            .drawn()
            .map(|(x, y)| format!("{:.1},{:.1}", across.at(*x), up.at(*y)))
            .collect();
        let _ = writeln!(
            out,
            "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" points=\"{}\"/>",
            points.join(" ")
        );
        let y = TOP + 12.0 + 18.0 * number.to_string().parse::<f64>().unwrap_or_default();
        let _ = writeln!(
            out,
            "<path d=\"M{} {y}h16\" stroke=\"{colour}\" stroke-width=\"2\"/>\
             <text x=\"{}\" y=\"{}\">{}</text>",
            right + 10.0,
            right + 30.0,
            y + 4.0,
            series.name
        );
    }
    out + "</svg>\n"
}

/// A logarithmic axis from one place on the page to another.
struct Axis {
    least: f64,
    most: f64,
    from: f64,
    to: f64,
}

impl Axis {
    fn over(values: impl Iterator<Item = f64> + Clone, from: f64, to: f64) -> Self {
        let least = values.clone().fold(f64::INFINITY, f64::min);
        let most = values.fold(f64::NEG_INFINITY, f64::max);
        Self {
            least: least.log10().floor(),
            most: most.log10().ceil(),
            from,
            to,
        }
    }

    fn at(&self, value: f64) -> f64 {
        let part = (value.log10() - self.least) / (self.most - self.least).max(1.0);
        self.from + part * (self.to - self.from)
    }

    /// The powers of ten.
    fn ticks(&self) -> Vec<(f64, f64)> {
        let mut ticks = Vec::new();
        let mut power = self.least;
        while power <= self.most {
            let value = 10_f64.powf(power);
            ticks.push((value, self.at(value)));
            power += 1.0;
        }
        ticks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponent_is_that_of_the_power() {
        let of = |power: f64| Series {
            name: "a".to_owned(),
            points: [1.0_f64, 10.0, 100.0]
                .map(|x| (x, 3.0 * x.powf(power)))
                .to_vec(),
        };
        for power in [0.5, 1.0, 2.0] {
            let found = of(power).exponent(0.0).unwrap();
            assert!((found - power).abs() < 1e-9, "{found}");
        }
        assert_eq!(of(1.0).exponent(100.0), None);
    }

    #[test]
    fn a_plot_has_a_line_for_each_series() {
        let one = Series {
            name: "fetch".to_owned(),
            points: vec![(1.0, 0.0), (10.0, 5.0), (1000.0, 50.0)],
        };
        let svg = svg("time", "ms", &[one.clone(), one]);
        assert_eq!(svg.matches("<polyline").count(), 2);
        assert!(svg.contains(">100 ms</text>"), "{svg}");
    }
}
