//! Any bytes as an answer to `tools/list`: what comes out lists only what is allowed, says nothing
//! else than what came in, and has nothing more to be taken out.

#![no_main]

use farmgate_mcp::tools::filter;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|answer: &[u8]| {
    let Ok(changed) = filter(answer, &allowed) else {
        return;
    };
    let passed = changed.as_deref().unwrap_or(answer);
    assert_eq!(filter(passed, &allowed), Ok(None), "more could be taken out");
    // What nests deeply, and halves of surrogate pairs, `serde_json` doesn't read.
    let (Ok(mut before), Ok(after)) =
        (serde_json::from_slice::<Value>(answer), serde_json::from_slice::<Value>(passed))
    else {
        return;
    };
    for tool in after["result"]["tools"].as_array().into_iter().flatten() {
        let name = tool["name"].as_str().expect("a name");
        assert!(allowed(name), "`{name}` got through");
    }
    if let Some(result) = before.get_mut("result").filter(|result| result["tools"].is_array()) {
        if result["cacheScope"] == "public" {
            result["cacheScope"] = Value::from("private");
        }
        let kept = after["result"]["tools"].as_array().cloned().unwrap_or_default();
        let all = result["tools"].as_array().cloned().unwrap_or_default();
        let mut left = all.iter();
        assert!(kept.iter().all(|tool| left.any(|known| known == tool)), "another order");
        result["tools"] = Value::from(kept);
    }
    assert_eq!(before, after, "something else changed");
});

fn allowed(tool: &str) -> bool {
    tool.starts_with("yes")
}
