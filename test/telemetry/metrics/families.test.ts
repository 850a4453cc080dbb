import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { LIMIT_STATS_LAYOUT, LimitStats } from '../../../src/limits/limit-stats.ts'
import { backendMetrics } from '../../../src/telemetry/metrics/backend-metrics.ts'
import { exposition } from '../../../src/telemetry/metrics/exposition.ts'
import { histogramSamples } from '../../../src/telemetry/metrics/family.ts'
import { LiveTable } from '../../../src/upstreams/live-table.ts'
import { UpstreamRegistry } from '../../../src/upstreams/registry.ts'
import { apply, group } from '../../upstreams/groups.ts'

suite('families of metrics', () => {
  test('are printed in the text format of Prometheus', async () => {
    const registry = exposition([
      {
        name: 'xecureapi_things_total',
        help: 'Things.',
        type: 'counter',
        collect: () => [{ labels: { kind: 'a "quoted" \\ kind' }, value: 2 }]
      },
      {
        name: 'xecureapi_time_seconds',
        help: 'Time.',
        type: 'histogram',
        collect: () =>
          histogramSamples({ buckets: [1, ...Array<number>(13).fill(0), 2], sum: 31 }, { group: 'shop' })
      }
    ])
    const text = await registry.metrics()
    assert.ok(
      text.startsWith('# HELP xecureapi_things_total Things.\n# TYPE xecureapi_things_total counter\n')
    )
    assert.ok(text.includes('xecureapi_things_total{kind="a \\"quoted\\" \\\\ kind"} 2\n'), text)
    assert.ok(text.includes('xecureapi_time_seconds_bucket{le="10",group="shop"} 1\n'))
    assert.ok(text.includes('xecureapi_time_seconds_bucket{le="+Inf",group="shop"} 3\n'))
    assert.ok(text.includes('xecureapi_time_seconds_sum{group="shop"} 31\n'))
    assert.ok(text.includes('xecureapi_time_seconds_count{group="shop"} 3\n'))
  })

  test('tell only so many backends of a group apart, and add up what the others have in flight', () => {
    const registry = new UpstreamRegistry()
    apply(registry, [group('shop', ['a:80', 'b:80', 'c:80', 'd:80'])], 1)
    const backends = registry.groups.get('shop')!.backends
    for (const backend of backends) {
      backend.acquire()
      backend.begin()
    }
    const families = backendMetrics(registry, 2)
    const read = (name: string) => {
      const family = families.find((each) => each.name === `xecureapi_backend_${name}`)!
      return Array.from(family.collect(), ({ labels, sharedLabels, value }) => {
        const { backend } = { ...sharedLabels, ...labels } as { backend: string }
        return [backend, value]
      })
    }
    assert.deepEqual(read('in_flight'), [
      ['a:80', 1],
      ['b:80', 1],
      ['__other__', 2]
    ])
    // A counter that falls when somebody leaves would look like one that began anew.
    assert.deepEqual(read('attempts_total'), [
      ['a:80', 1],
      ['b:80', 1]
    ])
    assert.deepEqual(read('health'), [
      ['a:80', 1],
      ['b:80', 1]
    ])
    assert.deepEqual(read('share').length, 2)
  })
})

suite('decisions of a limit', () => {
  const slots = new Map([['gateway default', 0]])
  const verdict = (isAdmitted: boolean) => ({ isAdmitted, remaining: 0, retryAfter: 0, reset: 0 })

  test('are counted by all threads, at once or when they come', async () => {
    const table = new LiveTable(LIMIT_STATS_LAYOUT, 2)
    table.grow(1)
    const [one, other] = [new LimitStats(table, slots, 0), new LimitStats(table, slots, 1)]
    const refunds: string[] = []
    const here = one.counted('gateway default', {
      take: (key) => verdict(key === 'a'),
      refund: (key) => refunds.push(key)
    })
    const there = other.counted('gateway default', {
      take: async (key) => verdict(key === 'a'),
      refund: () => {}
    })
    void here.take('a', 1)
    void here.take('b', 1)
    here.refund('a', 1)
    await there.take('a', 1)
    assert.deepEqual(one.decisions('gateway default'), { allowed: 2, denied: 1, wouldDeny: 0 })
    assert.deepEqual(refunds, ['a'])
    assert.deepEqual(one.decisions('another'), { allowed: 0, denied: 0, wouldDeny: 0 })
  })

  test('that only report are told apart from those that refuse, whatever the limit becomes', () => {
    const table = new LiveTable(LIMIT_STATS_LAYOUT, 1)
    table.grow(1)
    const stats = new LimitStats(table, slots, 0)
    const deny = { take: () => verdict(false), refund: () => {} }
    void stats.counted('gateway default', deny, true).take('a', 1)
    void stats.counted('gateway default', deny, false).take('a', 1)
    assert.deepEqual(stats.decisions('gateway default'), { allowed: 0, denied: 1, wouldDeny: 1 })
  })

  test('that fail are told to who asked, and to nobody else', async () => {
    const table = new LiveTable(LIMIT_STATS_LAYOUT, 1)
    table.grow(1)
    const failing = { take: () => Promise.reject(new Error('broken')), refund: () => {} }
    const counted = new LimitStats(table, slots, 0).counted('gateway default', failing)
    await assert.rejects(async () => await counted.take('a', 1), /broken/)
  })

  test('that nobody made a place for are an error', () => {
    const table = new LiveTable(LIMIT_STATS_LAYOUT, 1)
    const stats = new LimitStats(table, new Map(), 0)
    assert.throws(() => stats.counted('x', { take: () => verdict(true), refund: () => {} }), /"x"/)
  })
})
