//! Says what people in front of boards get of one notice, layout by layout, and what to change.

use std::process::ExitCode;
use std::sync::Arc;

use bangtin_agent::io::setup;
use bangtin_renderer::legibility::{Legibility, assess};
use bangtin_renderer::{Finding, Fonts, Layout, Problem, builtin};
use clap::Args;

use crate::console;
use crate::draft::{Draft, DraftArguments};

#[derive(Args)]
#[command(after_help = "Example: bangtin-simulator check --layout led-96x16 --layout lcd-1080p \
                        --notice simulator/samples/tiep-cong-dan.json")]
pub struct Arguments {
    /// Names or paths of layouts; without it all that come with the program
    #[arg(long, value_name = "L", num_args = 1..)]
    layout: Vec<String>,
    #[command(flatten)]
    draft: DraftArguments,
    /// Print all numbers, problems and findings as one JSON document
    #[arg(long)]
    json: bool,
}

/// What one layout makes of the notice.
struct Report {
    layout: String,
    outcome: Result<(Legibility, Vec<Finding>), Vec<Problem>>,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let fonts = Arc::new(builtin::fonts());
    let layouts = layouts(&arguments.layout, &fonts);
    let draft = Draft::read(&arguments.draft);
    let (Some(layouts), draft) = (layouts, draft?) else { return Ok(ExitCode::from(2)) };
    let reports: Vec<Report> = layouts
        .iter()
        .map(|layout| Report {
            layout: layout.name.clone(),
            outcome: draft
                .compose(layout, &fonts)
                .map(|composed| (assess(&composed, layout, &fonts), composed.findings)),
        })
        .collect();
    print_problems(draft.name(), &reports);
    if arguments.json {
        let reports: Vec<_> = reports.iter().map(Report::document).collect();
        let document = serde_json::json!({ "layouts": reports });
        console::print_line(&serde_json::to_string_pretty(&document)?)?;
    } else {
        console::print(&table(&reports))?;
    }
    let fine = reports.iter().all(|report| report.outcome.is_ok());
    Ok(if fine { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// All layouts, or `None` when one of them cannot be read; then standard error says why.
fn layouts(names: &[String], fonts: &Fonts) -> Option<Vec<Arc<Layout>>> {
    let all = || builtin::layout_names().map(str::to_owned).collect();
    let names: Vec<String> = if names.is_empty() { all() } else { names.to_vec() };
    let read: Vec<_> = names
        .iter()
        .map(|name| {
            let layout = setup::layout(name, fonts);
            layout.map_err(|problems| console::print_problems("--layout", &problems)).ok()
        })
        .collect();
    read.into_iter().map(|layout| layout.map(Arc::new)).collect()
}

/// Prints each problem once: with its layouts, unless all of them have it.
fn print_problems(notice: &str, reports: &[Report]) {
    let mut said: Vec<&Problem> = Vec::new();
    let problems = |report: &'_ Report| report.outcome.as_ref().err().cloned().unwrap_or_default();
    for problem in reports.iter().filter_map(|report| report.outcome.as_ref().err()).flatten() {
        if said.contains(&problem) {
            continue;
        }
        said.push(problem);
        let having: Vec<&str> = reports
            .iter()
            .filter(|report| problems(report).contains(problem))
            .map(|report| report.layout.as_str())
            .collect();
        if having.len() == reports.len() {
            console::complain(&format!("{notice}: {problem}"));
        } else {
            console::complain(&format!("{notice}: on {}: {problem}", having.join(", ")));
        }
    }
}

/// The numbers of all layouts under one another, then what is to be said about each.
fn table(reports: &[Report]) -> String {
    let width = reports.iter().map(|report| report.layout.chars().count()).max().unwrap_or(0);
    let width = width.max("layout".len());
    let mut out = format!(
        "{:width$}  pages  passes    shown     read  letters  legible  code to  contrast\n",
        "layout"
    );
    for report in reports {
        out += &format!("{:width$}  {}\n", report.layout, report.numbers());
    }
    out.push('\n');
    for report in reports {
        out += &format!("{}: {}\n", report.layout, report.sentences().join("\n  "));
    }
    out
}

impl Report {
    fn numbers(&self) -> String {
        let Ok((legibility, _)) = &self.outcome else { return "cannot show it".to_owned() };
        let passes = match legibility.marquee_passes {
            0 => "–".to_owned(),
            passes => passes.to_string(),
        };
        let or_dash = |value: Option<f64>, digits: usize, unit: &str| {
            value.map_or("–".to_owned(), |value| format!("{value:.digits$}{unit}"))
        };
        format!(
            "{:>5}  {:>6}  {:>5.1} s  {:>5.1} s  {:>7}  {:>7}  {:>7}  {:>8}",
            legibility.pages,
            passes,
            legibility.duration_s,
            legibility.reading_s,
            or_dash(legibility.letter_height_mm, 0, " mm"),
            or_dash(legibility.legible_to_m, 1, " m"),
            or_dash(legibility.code_scannable_to_m, 1, " m"),
            or_dash(legibility.contrast, 1, " : 1"),
        )
    }

    /// What to change first, then what is left out; where that is nothing, so.
    fn sentences(&self) -> Vec<&str> {
        let Ok((legibility, left_out)) = &self.outcome else {
            return vec!["cannot show it, for the reasons on standard error"];
        };
        let findings = legibility.advice().into_iter().chain(left_out);
        let said: Vec<&str> = findings.map(|finding| finding.message.as_str()).collect();
        if said.is_empty() { vec!["nothing to change"] } else { said }
    }

    fn document(&self) -> serde_json::Value {
        let legibility = self.outcome.as_ref().ok().map(|(legibility, _)| legibility);
        let findings: Vec<&Finding> = match &self.outcome {
            Ok((legibility, left_out)) => left_out.iter().chain(&legibility.findings).collect(),
            Err(_) => Vec::new(),
        };
        serde_json::json!({
            "layout": self.layout,
            "problems": self.outcome.as_ref().err().map(Vec::as_slice).unwrap_or_default(),
            "findings": findings,
            "reading_s": legibility.map(|l| l.reading_s),
            "duration_s": legibility.map(|l| l.duration_s),
            "letter_height_mm": legibility.and_then(|l| l.letter_height_mm),
            "legible_to_m": legibility.and_then(|l| l.legible_to_m),
            "code_scannable_to_m": legibility.and_then(|l| l.code_scannable_to_m),
            "contrast": legibility.and_then(|l| l.contrast),
            "pages": legibility.map(|l| l.pages),
            "marquee_passes": legibility.map(|l| l.marquee_passes),
        })
    }
}
