//! A server that a client starts by `docker run`.

use super::super::Notes;
use super::super::docker::{self, Other, Run};
use super::super::draft::{Item, Server};
use super::super::variables::{self, Variable};
use super::server::bare;
use super::words::{self, Words};
use crate::record::Word as _;
use crate::word::{Image, User, VariableName};

/// What stands behind a program whose name is a guess.
const GUESS: &str = "EDIT: the image's own entry point and command stand here";

/// A registry of ECR.
pub(super) struct Registry {
    pub(super) account: String,
    pub(super) region: String,
}

/// The registry of an image, if it is one of ECR.
pub(super) fn registry(image: &str) -> Option<Registry> {
    let image = Image::parse(image).ok()?;
    let ecr = image.ecr()?;
    Some(Registry { account: ecr.account.to_owned(), region: ecr.region.to_owned() })
}

/// Fills in what the container comes to; none if no container is run.
pub(super) fn fill(
    server: &mut Server,
    words: &Words,
    variables: Vec<Variable>,
    notes: &mut Notes,
) -> Option<()> {
    let Some(run) = docker::run(&words.texts) else {
        let text = "it starts no container of its own: what it leads to isn't in this file";
        notes.left(&server.path, text);
        return None;
    };
    let passed = passed(&run, words, variables, notes);
    server.local = local(&run, words, &passed);
    variables::put(server, passed, true, notes);
    image(server, &run, words, notes);
    let mut command = Vec::new();
    match &run.entry_point {
        Some(program) => command.push(Item::plain(program)),
        None => {
            let name = run.image.0.rsplit('/').next().unwrap_or_default();
            let name = name.split([':', '@']).next().unwrap_or_default();
            command.push(Item::remarked(bare(name), GUESS));
            notes.todo(
                &words.place(run.image.1),
                "a server on standard input needs its whole command: write the image's own, as \
                 `docker image inspect` shows it",
            );
        }
    }
    command.extend(words::items(server, words, run.args.1, false, notes));
    server.command = command;
    if let Some(user) = &run.user {
        if User::parse(user).is_ok() {
            server.user = Some(user.clone());
        } else {
            notes.left(&server.path, "its user is a name; a farm has numbers");
        }
    }
    others(&run, words, notes);
    Some(())
}

/// The variables that reach the container.
fn passed(run: &Run, words: &Words, variables: Vec<Variable>, notes: &mut Notes) -> Vec<Variable> {
    let mut all = Vec::new();
    for (name, value, at) in &run.variables {
        let place = words.place(*at);
        let known = variables.iter().find(|known| known.name == *name);
        if VariableName::parse(name).is_err() {
            notes.left(&place, "no variable of a container can be called so");
        } else if let Some(value) = value {
            all.push(Variable { name: name.clone(), value: value.clone(), place });
        } else if let Some(known) = known {
            all.push(known.clone());
        } else {
            // It comes from the person's own environment: in doubt, a secret.
            all.push(Variable { name: name.clone(), value: format!("${{{name}}}"), place });
        }
    }
    for Variable { name, place, .. } in variables {
        if !run.variables.iter().any(|(passed, ..)| *passed == name) {
            notes.left(&place, "docker isn't told to pass it (`-e`), so the server never had it");
        }
    }
    all
}

/// The command on the person's machine, without secrets.
fn local(run: &Run, words: &Words, passed: &[Variable]) -> Vec<String> {
    let hidden = |name: &str| {
        passed.iter().find(|passed| passed.name == name).is_none_or(Variable::is_secret)
    };
    let mut all: Vec<String> = words.texts.clone();
    for (name, value, at) in &run.variables {
        if let Some(word) = all.get_mut(*at)
            && value.is_some()
            && hidden(name)
        {
            // `-e NAME` takes the value from the environment.
            let option = word.split_once('=').map(|(option, _)| option);
            let long = option.filter(|option| *option == "--env");
            *word = long.map_or_else(|| name.clone(), |option| format!("{option}={name}"));
        }
    }
    // What looks like a secret anywhere else.
    let mut probe = Server::default();
    let places = Words::of(all);
    let items = words::items(&mut probe, &places, 0, false, &mut Notes::default());
    items.into_iter().map(|item| item.text).collect()
}

/// The image, if a task can pull it as it is.
fn image(server: &mut Server, run: &Run, words: &Words, notes: &mut Notes) {
    let (text, at) = &run.image;
    let place = words.place(*at);
    let Ok(image) = Image::parse(text) else {
        notes.left(&place, "this is no image's name");
        return;
    };
    match (image.ecr(), image.digest()) {
        (Some(_), Some(_)) => server.image = Some(text.clone()),
        (Some(_), None) => {
            notes.todo(&place, "it isn't pinned: name the image by its digest");
            server.foreign = Some(text.clone());
        }
        (None, _) => {
            notes.todo(&place, "copy the image to your own registry, and name it by its digest");
            server.foreign = Some(text.clone());
        }
    }
}

fn others(run: &Run, words: &Words, notes: &mut Notes) {
    for (other, at) in &run.others {
        let place = words.place(*at);
        match other {
            Other::Mount => notes.left(
                &place,
                "Fargate has no directories of your machine; `tmp` gives a task empty ones",
            ),
            Other::EnvFile => notes.left(
                &place,
                "the file isn't read: put its variables under `environment` and `secrets`",
            ),
            Other::Port => notes.left(&place, "a server on standard input has no port"),
            Other::Option(option) => {
                notes.left(&place, format!("docker's option `{}`", bare(option)));
            }
        }
    }
}
