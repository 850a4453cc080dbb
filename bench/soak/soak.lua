-- The clients: mostly small GETs, some uploads, now and then a large GET; each connection pauses between two requests.
-- Argument behind `--`: the longest pause in milliseconds, 0 = none. Prints what wrk counted as one line of JSON:
-- latencies in microseconds, `failed` = not 2xx or 3xx, or no response.

local turn = 0
local longest = 0
local small, large, upload

function init(args)
  longest = tonumber(args[1])
  math.randomseed(os.time())
  small = wrk.format('GET', '/1k')
  large = wrk.format('GET', '/1m')
  upload = wrk.format('POST', '/upload', { ['Content-Type'] = 'application/octet-stream' }, string.rep('x', 16384))
end

function request()
  turn = turn + 1
  if turn % 500 == 0 then return large end
  if turn % 10 == 0 then return upload end
  return small
end

function delay()
  if longest == 0 then return 0 end
  return math.random(0, longest)
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%.6f,"p50":%d,"p99":%d,"failed":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout
  ))
end
