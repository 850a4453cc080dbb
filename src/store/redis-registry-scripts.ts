/*
 * What Redis does with registrations in one step. KEYS of all: version, state, log, leases, epoch. A value of the state
 * is the JSON of an entry that begins with its version. A record of the log has the epoch's id (e), the key (k) and the
 * value (v; empty = removed); its id is the version. Before the first write of a script nothing can have been half done:
 * Redis refuses scripts at their first write when it is a replica, full, or can't save.
 */

/** Records that the log keeps at least. Who is further behind reads everything. */
const LOG_LENGTH = 10_000
/** Most records that an answer holds. */
const RECORDS = 1000
/** Most leases that one look ends, so that Redis never stands still for long. */
const REAPED = 100

const COMMON = `
local VERSION, STATE, LOG, LEASES, EPOCH = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local function text(number) return string.format('%.0f', number) end

local function epochId() return string.match(redis.call('GET', EPOCH) or '', '^%S*') end

local function version() return tonumber(redis.call('GET', VERSION) or '0') end

local function recordsAfter(known)
  return redis.call('XRANGE', LOG, text(known + 1) .. '-0', '+', 'COUNT', ${RECORDS})
end

local function lease(key, ttl)
  if ttl == '' then redis.call('ZREM', LEASES, key)
  else redis.call('ZADD', LEASES, text(now + tonumber(ttl)), key) end
end

-- body: the entry's JSON without its version; empty = it is removed.
local function record(key, body)
  local next = text(version() + 1)
  local value = body == '' and '' or '{"version":' .. next .. ',' .. string.sub(body, 2)
  redis.call('XADD', LOG, 'MAXLEN', '~', ${LOG_LENGTH}, next .. '-0', 'e', epochId(), 'k', key, 'v', value)
  redis.call('SET', VERSION, next)
  if value == '' then redis.call('HDEL', STATE, key) else redis.call('HSET', STATE, key, value) end
  return next
end

local function versionOf(value) return value and string.match(value, '^{"version":(%d+)') or '0' end
`

/** Refuses what comes too late, or of who knows another past. ARGV of those: epoch's id, known version, deadline, … */
const GUARD = `
if epochId() ~= ARGV[1] or version() < tonumber(ARGV[2]) then return { 'stale', text(now) } end
if now > tonumber(ARGV[3]) then return { 'late', text(now) } end
`

/**
 * Everything. ARGV: epoch to begin when there is none; empty = none is begun. Returns Redis's time, the epoch, the
 * version and the state.
 */
export const READ_SCRIPT = `${COMMON}
if ARGV[1] ~= '' and epochId() == '' then redis.call('SET', EPOCH, ARGV[1]) end
return { text(now), redis.call('GET', EPOCH) or '', text(version()), redis.call('HGETALL', STATE) }
`

/**
 * One write. ARGV: epoch's id, known version, deadline in milliseconds of Redis's time, key, body, expected version or
 * nothing, ttl or nothing, most entries. Returns what came of it, the time and, of what was done, the version and the
 * records after the known one; of a conflict, the version that was found, those records and the value.
 */
export const WRITE_SCRIPT = `${COMMON}${GUARD}
local known, key, body, expected = tonumber(ARGV[2]), ARGV[4], ARGV[5], ARGV[6]
local value = redis.call('HGET', STATE, key)
local found = versionOf(value)
if expected ~= '' and expected ~= found then
  return { 'conflict', text(now), found, recordsAfter(known), value or '' }
end
if body ~= '' and not value and redis.call('HLEN', STATE) >= tonumber(ARGV[8]) then return { 'full', text(now) } end
local written = record(key, body)
lease(key, ARGV[7])
return { 'done', text(now), written, recordsAfter(known) }
`

/** Gives an entry a whole ttl. ARGV: epoch's id, known version, deadline, key. Returns what came of it, the time and 0 or 1. */
export const RENEW_SCRIPT = `${COMMON}${GUARD}
local value = redis.call('HGET', STATE, ARGV[4])
if not value then return { 'done', text(now), '0' } end
local entry = cjson.decode(value)
if entry.removal or not entry.registration or not entry.registration.ttl then return { 'done', text(now), '0' } end
lease(ARGV[4], text(entry.registration.ttl))
return { 'done', text(now), '1' }
`

/**
 * What has changed; and, where this is wished, leases that ended become removals, one version each. ARGV: epoch's id,
 * known version, id of the gateway that reaps or nothing, whether to find out if it can be written to (1). Returns the
 * time, the epoch's id, the version and the records after the known one.
 */
export const LOOK_SCRIPT = `${COMMON}
local id, known = epochId(), tonumber(ARGV[2])
if id == ARGV[1] and ARGV[4] == '1' then redis.call('SET', EPOCH, redis.call('GET', EPOCH)) end
if id == ARGV[1] and ARGV[3] ~= '' and version() >= known then
  for _, key in ipairs(redis.call('ZRANGEBYSCORE', LEASES, '-inf', text(now), 'LIMIT', 0, ${REAPED})) do
    local value = redis.call('HGET', STATE, key)
    local entry = value and cjson.decode(value)
    if entry and not entry.removal and entry.registration and entry.registration.ttl then
      entry.version = nil
      entry.state = 'draining'
      entry.removal = { by = ARGV[3], since = now, reason = 'lease_expired' }
      record(key, cjson.encode(entry))
    end
    redis.call('ZREM', LEASES, key)
  end
end
return { text(now), id, text(version()), recordsAfter(known) }
`

/**
 * Replaces everything, if it still is what was read. ARGV: epoch and version that were read, the next epoch and version,
 * then key, value and ttl (or nothing) of each entry. Leases are whole. Returns whether it did, 0 or 1.
 */
export const REPLACE_SCRIPT = `${COMMON}
if (redis.call('GET', EPOCH) or '') ~= ARGV[1] or version() ~= tonumber(ARGV[2]) then return 0 end
redis.call('DEL', STATE, LOG, LEASES)
redis.call('SET', VERSION, ARGV[4])
redis.call('SET', EPOCH, ARGV[3])
for at = 5, #ARGV, 3 do
  redis.call('HSET', STATE, ARGV[at], ARGV[at + 1])
  lease(ARGV[at], ARGV[at + 2])
end
redis.call('XADD', LOG, ARGV[4] .. '-0', 'e', epochId(), 'k', '', 'v', '')
return 1
`
