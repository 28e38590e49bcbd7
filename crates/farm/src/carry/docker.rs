//! `docker run` as clients use it: the image, what is passed to it, and what only a person's machine
//! has.

/// A container that a client starts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Run {
    /// The image, and where it stands among the words.
    pub(super) image: (String, usize),
    /// What follows the image, and where it begins.
    pub(super) args: (Vec<String>, usize),
    /// The entry point, if it isn't the image's.
    pub(super) entry_point: Option<String>,
    /// Variables that are passed: name, value if there is one, and where it stands.
    pub(super) variables: Vec<(String, Option<String>, usize)>,
    /// The user.
    pub(super) user: Option<String>,
    /// Other options, each with where it stands.
    pub(super) others: Vec<(Other, usize)>,
}

/// An option of `docker run` that has no place in a farm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Other {
    /// A directory or volume of the machine.
    Mount,
    /// A file of variables.
    EnvFile,
    /// A port.
    Port,
    /// Any other, by its name.
    Option(String),
}

/// Options that take a value. All others are taken for flags.
const WITH_VALUE: &str = "\
    -a --attach --add-host --annotation --blkio-weight --cap-add --cap-drop --cgroup-parent \
    --cgroupns --cidfile --context --cpus --cpu-shares -c --cpuset-cpus --device --dns \
    --dns-search --domainname -e --env --env-file --entrypoint --expose --gpus --group-add \
    --health-cmd -h --hostname --ip --ipc -l --label --log-driver --log-opt -m --memory \
    --mount --name --net --network --network-alias --pid --pids-limit --platform -p \
    --publish --pull --restart --runtime --security-opt --shm-size --stop-signal \
    --stop-timeout --sysctl --tmpfs --ulimit -u --user --userns --uts -v --volume \
    --volumes-from -w --workdir --volume-driver";

/// Options without a meaning for a task: how the client is attached to it.
const SILENT: &str = "\
    -i -t -it -ti --interactive --tty --rm --init --pull --name -a --attach -q --quiet \
    --no-healthcheck";

/// The container that the words start, if they start one.
pub(super) fn run(words: &[String]) -> Option<Run> {
    let mut rest = words.iter().map(String::as_str).enumerate().skip(1).peekable();
    // Options of docker's own, before the command.
    loop {
        match rest.next()?.1 {
            "run" => break,
            "container" => {}
            "--context" | "-c" | "-H" | "--host" | "--config" | "-l" | "--log-level" => {
                rest.next();
            }
            option if option.starts_with('-') => {}
            _ => return None,
        }
    }
    let mut run = Run::default();
    while let Some((at, word)) = rest.next() {
        if !word.starts_with('-') || word == "-" {
            run.image = (word.to_owned(), at);
            run.args = (rest.map(|(_, word)| word.to_owned()).collect(), at + 1);
            return Some(run);
        }
        let (option, value) = match word.split_once('=') {
            Some((option, value)) if word.starts_with("--") => (option, Some(value)),
            _ => (word, None),
        };
        let takes = among(WITH_VALUE, option);
        let (value, at) = match value {
            None if takes => rest.next().map_or((None, at), |(at, value)| (Some(value), at)),
            value => (value, at),
        };
        run.take(option, value.unwrap_or_default(), at);
    }
    None
}

/// Whether a list of words has this one.
fn among(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|listed| listed == word)
}

impl Run {
    fn take(&mut self, option: &str, value: &str, at: usize) {
        match option {
            "-e" | "--env" => {
                let (name, value) = match value.split_once('=') {
                    Some((name, value)) => (name, Some(value.to_owned())),
                    None => (value, None),
                };
                self.variables.push((name.to_owned(), value, at));
            }
            "--entrypoint" => self.entry_point = Some(value.to_owned()),
            "-u" | "--user" => self.user = Some(value.to_owned()),
            "-v" | "--volume" | "--mount" | "--volumes-from" => {
                self.others.push((Other::Mount, at));
            }
            "--env-file" => self.others.push((Other::EnvFile, at)),
            "-p" | "--publish" | "-P" | "--publish-all" => self.others.push((Other::Port, at)),
            option if among(SILENT, option) => {}
            option => self.others.push((Other::Option(option.to_owned()), at)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<Run> {
        let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        run(&words)
    }

    #[test]
    fn a_run_is_taken_apart() {
        let run = parse(
            "docker run -i --rm -e TOKEN --env MODE=x -v /a:/b --mount=type=bind,src=/c,dst=/d \
             -u 1000:1000 --network host --entrypoint /srv reg.example.com:5000/a/b:1 stdio --x=1",
        )
        .unwrap();
        assert_eq!(run.image, ("reg.example.com:5000/a/b:1".to_owned(), 17));
        assert_eq!(run.args, (vec!["stdio".to_owned(), "--x=1".to_owned()], 18));
        assert_eq!(run.entry_point.as_deref(), Some("/srv"));
        assert_eq!(run.user.as_deref(), Some("1000:1000"));
        let variables: Vec<_> =
            run.variables.iter().map(|(n, v, _)| (n.as_str(), v.as_deref())).collect();
        assert_eq!(variables, [("TOKEN", None), ("MODE", Some("x"))]);
        let others: Vec<_> = run.others.iter().map(|(other, at)| (other.clone(), *at)).collect();
        let expected =
            [(Other::Mount, 9), (Other::Mount, 10), (Other::Option("--network".to_owned()), 14)];
        assert_eq!(others, expected);
    }

    #[test]
    fn what_runs_nothing_is_none() {
        assert_eq!(parse("docker mcp gateway run"), None);
        assert_eq!(parse("docker compose run x"), None);
        assert_eq!(parse("docker run -i --rm"), None);
        assert_eq!(parse("docker"), None);
        assert!(parse("docker --context x run -i y").is_some());
    }
}
