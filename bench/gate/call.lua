-- The load of wrk: one request, again and again, from files that the harness writes.
--   wrk -s call.lua URL -- HEADERS_FILE BODY_FILE [count]
-- With `count` each request has an id of its own, for a peer that mixes up equal ids of one session.
-- Prints one line of JSON at the end: microseconds, and how much went wrong.

local function lines(path)
  local result = {}
  for line in io.lines(path) do result[#result + 1] = line end
  return result
end

function init(args)
  local headers = {}
  for _, line in ipairs(lines(args[1])) do
    local name, value = line:match("^([^:]+): (.*)$")
    headers[name] = value
  end
  local file = io.open(args[2], "rb")
  local body = file:read("*a")
  file:close()
  message = wrk.format("POST", nil, headers, body)
  if args[3] == "count" then
    -- As many digits each, so that the length stays.
    local number = 100000000
    request = function()
      number = number + 1
      return (message:gsub('"id":%d+', '"id":' .. number, 1))
    end
  end
end

function request()
  return message
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"microseconds":%d,"bytes":%d,"p50":%d,"p90":%d,"p99":%d,"max":%d,"failed":%d,"broken":%d}\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(90),
    latency:percentile(99), latency.max, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
