/*
 * What Redis does in one step. Times of limits are whole ticks of Redis's own clock (src/limits/gcra.ts), counted from
 * an epoch of their own, so that even short ticks stay below 2^53. A key's value is its theoretical arrival time and the
 * length of its tick: gateways whose limit has other numbers read it in their own ticks.
 */

/** 2025-01-01, in seconds. */
const EPOCH = 1_735_689_600

/** `debt(us, tick)`: what the key owes, in ticks; `keep(us, tick, debt)` writes it. */
const LIMIT = `
local key = KEYS[1]

local function clock(given)
  if given then return tonumber(given) end
  local time = redis.call('TIME')
  return (tonumber(time[1]) - ${EPOCH}) * 1000000 + tonumber(time[2])
end

local function owed(us, tick, name)
  local kept = redis.call('GET', key)
  if not kept then return 0 end
  local tat, of = string.match(kept, '^(%d+) (%S+)$')
  if not tat then return 0 end
  if of == name then return math.max(0, tonumber(tat) - math.floor(us / tick)) end
  local other = tonumber(of)
  return math.max(0, math.ceil((tonumber(tat) - math.floor(us / other)) * other / tick))
end

local function keep(us, tick, name, debt)
  local tat = string.format('%.0f', math.floor(us / tick) + debt)
  redis.call('SET', key, tat .. ' ' .. name, 'PX', string.format('%.0f', math.ceil(debt * tick / 1000) + 1))
end
`

/**
 * One decision of the generic cell rate algorithm. KEYS: the key. ARGV: length of a tick in microseconds, interval,
 * depth, cost, cost that is wished for on top, least debt; for tests, microseconds since the epoch instead of Redis's
 * time. Returns the granted cost and the debt after it.
 */
export const TAKE_SCRIPT = `${LIMIT}
local name = ARGV[1]
local tick, interval, depth = tonumber(name), tonumber(ARGV[2]), tonumber(ARGV[3])
local cost, wish, floor = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local us = clock(ARGV[7])
local known = owed(us, tick, name)
local debt = math.min(math.max(known, floor), depth)
local granted = 0
if debt + cost * interval <= depth then
  granted = math.min(cost + wish, math.floor((depth - debt) / interval))
  debt = debt + granted * interval
end
-- Also when nothing has changed: who can't be written to is away, whatever the answer.
if debt > 0 then keep(us, tick, name, debt) end
return { granted, debt }
`

/**
 * Gives back what was granted, never more than the key owes. KEYS: the key. ARGV: length of a tick in microseconds,
 * ticks to give back; for tests, the time.
 */
export const REFUND_SCRIPT = `${LIMIT}
local name = ARGV[1]
local tick = tonumber(name)
local us = clock(ARGV[3])
local debt = owed(us, tick, name)
if debt == 0 then return 0 end
local left = debt - tonumber(ARGV[2])
if left > 0 then keep(us, tick, name, left) else redis.call('DEL', key) end
return 0
`

/**
 * Registers a gateway, forgets those that were not seen for a while. KEYS: the set. ARGV: the gateway's id, milliseconds
 * after which one is gone. Returns how many there are.
 */
export const PRESENCE_SCRIPT = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - tonumber(ARGV[2])))
redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('ZCARD', KEYS[1])
`
