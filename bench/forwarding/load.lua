-- The clients. Arguments behind `--`: the method, the size of the request's body, a file of paths, one a line.
-- Prints what wrk counted as one line of JSON: latencies in microseconds, `failed` = not 2xx or 3xx, or no response.

local prepared = {}
local turn = 0

function init(args)
  wrk.method = args[1]
  local size = tonumber(args[2])
  if size > 0 then
    wrk.body = string.rep('x', size)
    wrk.headers['Content-Type'] = 'application/octet-stream'
  end
  for path in io.lines(args[3]) do
    prepared[#prepared + 1] = wrk.format(nil, path)
  end
end

function request()
  turn = turn % #prepared + 1
  return prepared[turn]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%.6f,"p50":%d,"p99":%d,"failed":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout
  ))
end
