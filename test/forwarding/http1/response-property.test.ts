import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomResponse, seeded } from './random-responses.ts'
import { everywhere, transcript } from './transcript.ts'

test('random responses are read as they were made, however their bytes are split', () => {
  for (let seed = 1; seed <= 600; seed++) {
    const random = seeded(seed)
    const made = randomResponse(random)
    const { bytes, method, status, statusText, headers, body, trailers } = made
    const expected = {
      head: { status, statusText, headers },
      body,
      trailers,
      outcome: made.untilClose ? 'more' : 'done',
      leftover: ''
    }
    const chance = random() * 0.2
    const ways = [[], everywhere(bytes).filter(() => random() < chance), everywhere(bytes)]
    for (const splits of ways) {
      const { information, keepAlive, ...seen } = transcript(bytes, splits, { method })
      assert.deepEqual(seen, expected, `seed ${seed}`)
      assert.deepEqual(
        information.map((head) => head.status),
        made.interim,
        `seed ${seed}`
      )
      assert.equal(keepAlive, !made.untilClose, `seed ${seed}`)
    }
  }
})

test('random damage never makes a reader throw or hang', () => {
  for (let seed = 1; seed <= 3000; seed++) {
    const random = seeded(seed)
    const { bytes, method } = randomResponse(random)
    for (let hits = 1 + Math.floor(random() * 4); hits > 0; hits--)
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256)
    const splits = everywhere(bytes).filter(() => random() < 0.02)
    const whole = transcript(bytes, [], { method })
    assert.equal(transcript(bytes, splits, { method }).outcome, whole.outcome, `seed ${seed}`)
  }
})
