//! The macros `record!` and `choice!`, with which the types of the farm file are declared.

/// Declares a struct with its reader and its shape. Forms of a field:
///
/// - `name: T;` has to be there;
/// - `name: T = default;` may be left out;
/// - `name: T, record;` is a record whose absence means that all of its keys are absent;
/// - `..name: T;` (last) is a record whose keys stand among this one's.
macro_rules! record {
    ($(#[doc = $rdoc:literal])* $name:ident {
        $( $(#[doc = $fdoc:literal])* $field:ident : $ty:ty $(= $default:expr)? $(, $mode:ident)? ; )*
        $( .. $(#[doc = $sdoc:literal])* $shared:ident : $sty:ty ; )?
    }) => {
        $(#[doc = $rdoc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            $( $(#[doc = $fdoc])* pub $field: $ty, )*
            $( $(#[doc = $sdoc])* pub $shared: $sty, )?
            /// Where it is written.
            pub at: crate::record::Places,
        }

        impl $name {
            /// Its keys.
            pub(crate) fn keys() -> Vec<&'static str> {
                #[allow(unused_mut, reason = "not every record shares keys")]
                let mut keys: Vec<&'static str> =
                    vec![$( crate::record::bare(stringify!($field)) ),*];
                $( keys.extend(<$sty>::keys()); )?
                keys
            }

            /// Reads it from the fields of a mapping, which may hold others too.
            #[allow(clippy::question_mark, reason = "all fields are read before any is missed")]
            pub(crate) fn read_fields(
                node: &crate::yaml::Node,
                fields: &crate::yaml::Fields<'_>,
                problems: &mut Vec<crate::diagnostic::Diagnostic>,
            ) -> Option<Self> {
                let mut at = crate::record::Places::new(node, &Self::keys());
                $( let $field: Option<$ty> = {
                    let before = problems.len();
                    let read: Option<$ty> = record!(@read fields, problems, $field, $ty
                        $(, default $default)? $(, $mode)?);
                    let reported = read.is_none() || problems.len() > before;
                    at.note(crate::record::bare(stringify!($field)), fields, reported);
                    read.or_else(|| record!(@stand_in $ty $(, default $default)? $(, $mode)?))
                }; )*
                $(
                    let $shared = <$sty>::read_fields(node, fields, problems);
                    if let Some(shared) = &$shared {
                        at.break_with(&shared.at);
                    }
                )?
                Some(Self { $( $field: $field?, )* $( $shared: $shared?, )? at })
            }

            /// Its fields, described.
            pub(crate) fn described() -> Vec<crate::record::Field> {
                #[allow(unused_mut, reason = "not every record shares keys")]
                let mut all = vec![ $( crate::record::Field {
                    key: crate::record::bare(stringify!($field)),
                    doc: &[$($fdoc),*],
                    required: record!(@required $(default $default)? $($mode)?),
                    default: record!(@shown $ty $(, default $default)? $(, $mode)?),
                    shape: <$ty as crate::record::Read>::shape(),
                } ),* ];
                $( all.extend(<$sty>::described()); )?
                all
            }
        }

        impl crate::record::Read for $name {
            fn read(
                node: &crate::yaml::Node,
                problems: &mut Vec<crate::diagnostic::Diagnostic>,
            ) -> Option<Self> {
                let fields = node.fields(&Self::keys(), problems)?;
                Self::read_fields(node, &fields, problems)
            }

            fn shape() -> crate::record::Shape {
                crate::record::Shape::Record(crate::record::Record {
                    name: stringify!($name),
                    doc: &[$($rdoc),*],
                    fields: Self::described(),
                })
            }

            fn show(&self) -> String {
                String::new()
            }

            fn stand_in() -> Option<Self> {
                Some(Self {
                    $( $field: record!(@stand_in $ty $(, default $default)? $(, $mode)?)?, )*
                    $( $shared: <$sty as crate::record::Read>::stand_in()?, )?
                    at: crate::record::Places::unread(Self::keys()),
                })
            }
        }
    };
    (@read $fields:ident, $problems:ident, $field:ident, $ty:ty) => {
        $fields
            .require(crate::record::bare(stringify!($field)), $problems)
            .and_then(|node| <$ty as crate::record::Read>::read(node, $problems))
    };
    (@read $fields:ident, $problems:ident, $field:ident, $ty:ty, default $default:expr) => {
        match $fields.get(crate::record::bare(stringify!($field))) {
            Some(node) => <$ty as crate::record::Read>::read(node, $problems),
            None => Some($default),
        }
    };
    (@read $fields:ident, $problems:ident, $field:ident, $ty:ty, record) => {
        match $fields.get(crate::record::bare(stringify!($field))) {
            Some(node) => <$ty as crate::record::Read>::read(node, $problems),
            None => <$ty as crate::record::Read>::read(&crate::record::absent(), $problems),
        }
    };
    (@stand_in $ty:ty) => { <$ty as crate::record::Read>::stand_in() };
    (@stand_in $ty:ty, default $default:expr) => { Some::<$ty>($default) };
    (@stand_in $ty:ty, record) => { <$ty as crate::record::Read>::stand_in() };
    (@required) => { true };
    (@required $($rest:tt)+) => { false };
    (@shown $ty:ty) => { None };
    (@shown $ty:ty, default $default:expr) => {{
        let default: $ty = $default;
        Some(crate::record::Read::show(&default)).filter(|shown| !shown.is_empty())
    }};
    (@shown $ty:ty, record) => { None };
}

/// Declares an enum of words, each with what it means.
macro_rules! choice {
    ($(#[doc = $edoc:literal])* $name:ident { $( $(#[doc = $vdoc:literal])* $variant:ident = $word:literal ),* $(,)? }) => {
        $(#[doc = $edoc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $( $(#[doc = $vdoc])* $variant, )* }

        impl $name {
            /// The words, each with what it means.
            pub const WORDS: &'static [(&'static str, &'static str)] =
                &[$( ($word, concat!($($vdoc),*)) ),*];

            /// The word.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $( Self::$variant => $word, )* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }

        impl crate::record::Read for $name {
            fn read(
                node: &crate::yaml::Node,
                problems: &mut Vec<crate::diagnostic::Diagnostic>,
            ) -> Option<Self> {
                let word = crate::record::choose(node, Self::WORDS, problems)?;
                [$( ($word, Self::$variant) ),*]
                    .into_iter()
                    .find_map(|(known, value)| (known == word).then_some(value))
            }

            fn shape() -> crate::record::Shape {
                crate::record::Shape::Choice(Self::WORDS)
            }

            fn show(&self) -> String {
                self.word().to_owned()
            }

            fn stand_in() -> Option<Self> {
                [$( Self::$variant ),*].first().copied()
            }
        }
    };
}

pub(crate) use {choice, record};
