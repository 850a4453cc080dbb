import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { seeded } from '../balancing/seeded.ts'
import { type Course, type Offered, type Service, simulate } from './overload-simulation.ts'

const SERVICE: Service = { servers: 64, serviceTime: () => 40 }
/** Requests that it can answer in a second. */
const CAPACITY = 1600
const LIMIT = { mode: 'static', min: 1, max: 80 } as const

function run(offered: Offered, seconds: number): Course {
  return simulate(SERVICE, offered, LIMIT, seconds, seeded(1))
}

/** Requests of a class that were answered in a second of the run. */
function answeredIn({ served }: Course, second: number, of: number): number {
  return served.filter((each) => each.of === of && Math.floor(each.ended / 1000) === second).length
}

suite('an overloaded group', () => {
  test('has all places for normal requests within five seconds of a flood of critical ones', () => {
    const end = 4
    const course = run((now) => [now < 1000 * end ? 1.5 * CAPACITY : 0, 0.8 * CAPACITY, 0], end + 7)
    assert.ok(answeredIn(course, end - 1, 1) < 100, 'they had next to nothing before')
    const answered = answeredIn(course, end + 5, 1)
    assert.ok(answered >= 0.9 * 0.8 * CAPACITY, `${answered} normal ones in the sixth second`)
  })

  test('serves no sheddable request while normal ones are refused, however critical ones come and go', () => {
    const bursts: Offered = (now) => {
      const isBurst = Math.floor(now / 1000) % 4 === 0
      return [isBurst ? 1.2 * CAPACITY : 0.2 * CAPACITY, 1.8 * CAPACITY, 0.6 * CAPACITY]
    }
    const course = run(bursts, 12)
    const served = (of: number): number =>
      course.served.filter((each) => each.of === of && each.arrived > 1000).length
    assert.ok(served(2) < served(1) / 20, `${served(2)} sheddable ones, ${served(1)} normal ones`)
  })
})
