//! Patterns against the plainest matcher that there is, over all texts of a tiny alphabet.

use farmgate_aws::iam::Pattern;
use proptest::prelude::*;

/// Whether a pattern matches a text, by the words of the documents: `*` is any text, `?` one character.
fn naive(pattern: &[char], text: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some(('*', rest)), _) => {
            naive(rest, text) || text.split_first().is_some_and(|(_, text)| naive(pattern, text))
        }
        (Some((step, rest)), Some((letter, text))) => {
            (step == letter || *step == '?') && naive(rest, text)
        }
        _ => false,
    }
}

/// Every text of up to four letters out of `ab:`.
fn texts() -> Vec<Vec<char>> {
    let mut all = vec![Vec::new()];
    let mut from = 0;
    for _ in 0..4 {
        let until = all.len();
        for at in from..until {
            for letter in ['a', 'b', ':'] {
                let mut longer: Vec<char> = all[at].clone();
                longer.push(letter);
                all.push(longer);
            }
        }
        from = until;
    }
    all
}

fn written() -> impl Strategy<Value = String> {
    "[ab:*?]{0,6}"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_text_is_matched_as_the_reference_matches_it(pattern in written(), text in "[ab:]{0,8}") {
        let (own, letters): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
        prop_assert_eq!(Pattern::new(&pattern).matches(&text), naive(&own, &letters));
    }

    /// What is not known of the question may be anything: a pattern that covers it matches whatever it
    /// is.
    #[test]
    fn what_covers_matches_whatever_the_text_is(pattern in written(), asked in written()) {
        let (own, other): (Vec<char>, Vec<char>) = (pattern.chars().collect(), asked.chars().collect());
        if Pattern::new(&pattern).covers(&Pattern::new(&asked)) {
            for text in texts().iter().filter(|text| naive(&other, text)) {
                prop_assert!(naive(&own, text), "{pattern} {asked} {text:?}");
            }
        }
    }

    #[test]
    fn every_pattern_covers_itself_and_is_covered_by_a_star(pattern in written()) {
        prop_assert!(Pattern::new(&pattern).covers(&Pattern::new(&pattern)));
        prop_assert!(Pattern::new("*").covers(&Pattern::new(&pattern)));
    }
}

#[test]
fn long_patterns_end_in_time() {
    let pattern = "*a".repeat(1_000);
    let text = "ab".repeat(1_000);
    assert!(!Pattern::new(&pattern).matches(&text.replace("ab", "b")));
    // What is longer than any ARN is not decided, and takes no time.
    let longer = "*a".repeat(100_000);
    assert!(!Pattern::new(&longer).matches(&text));
}
