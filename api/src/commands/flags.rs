//! The flags, made from the table of settings.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use crate::config::{BadConfig, Config, SETTINGS, gather};

/// The file that is read when nobody names one, if it is there.
const FILE: &str = "trackside.toml";

/// The flags that were given.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    given: BTreeMap<&'static str, String>,
    file: Option<PathBuf>,
}

impl Flags {
    /// The configuration by flags, variables and file.
    pub fn config(&self) -> Result<Config, BadConfig> {
        let variable = |name: &str| std::env::var(name).ok();
        let named = self.file.clone().or_else(|| variable("TRACKSIDE_CONFIG").map(PathBuf::from));
        let file = named.or_else(|| Path::new(FILE).exists().then(|| PathBuf::from(FILE)));
        Config::new(&gather(self.given.clone(), variable, file.as_deref())?)
    }
}

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        let file = Arg::new("config").long("config").value_name("FILE").value_parser(clap::value_parser!(PathBuf));
        let command = command.arg(file.help("A TOML file with these settings [./trackside.toml, TRACKSIDE_CONFIG]"));
        SETTINGS.iter().fold(command, |command, setting| {
            let help = format!("{} (TRACKSIDE_{})", setting.help, setting.name.to_uppercase());
            let flag = Arg::new(setting.name).long(setting.flag).value_name(setting.value).help(help);
            command.arg(match setting.switch {
                true => flag.num_args(0..=1).require_equals(true).default_missing_value("true"),
                false => flag,
            })
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = SETTINGS.iter().filter_map(|setting| {
            let value = matches.get_one::<String>(setting.name)?;
            Some((setting.name, value.clone()))
        });
        Ok(Self { given: given.collect(), file: matches.get_one::<PathBuf>("config").cloned() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
