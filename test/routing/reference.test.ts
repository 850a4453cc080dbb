import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RouteConfig } from '../../src/config/types.ts'
import { findRouteConflicts } from '../../src/routing/conflicts.ts'
import { RouteTable } from '../../src/routing/route-table.ts'
import { between, oneOf, seeded } from '../balancing/seeded.ts'
import { find, route } from './routes.ts'

type Random = () => number

const LITERALS = ['a', 'b', 'c', '%61', 'a%2Fb', '%3A', '%3Ap', 'B']
const HOSTS = ['x.test', 'y.x.test', '*.test', '*.x.test', 'other.example']
const METHODS = ['GET', 'POST', 'PURGE']

function someOf<T>(random: Random, items: readonly T[]): T[] | undefined {
  if (random() < 0.4) return undefined
  const some = items.filter(() => random() < 0.5)
  return some.length > 0 ? some : [oneOf(random, items)]
}

function randomRoute(random: Random, index: number, shortest: number): RouteConfig {
  const segments = Array.from({ length: between(random, shortest, 5) }, (_, place) =>
    random() < 0.2 ? `:p${place}` : oneOf(random, LITERALS)
  )
  const methods = someOf(random, METHODS)
  const hosts = someOf(random, HOSTS)
  return route(`/${segments.join('/')}`, {
    name: `r${index}`,
    ...(methods && { methods }),
    ...(hosts && { hosts })
  })
}

function segmentsOf(path: string): string[] {
  return path === '/' ? [] : path.slice(1).split('/')
}

function matchesPath({ path }: RouteConfig, asked: string): boolean {
  const have = asked.slice(1).split('/')
  return segmentsOf(path).every((wanted, index) => {
    const got = have[index]
    if (got === undefined) return false
    return wanted.startsWith(':') ? got !== '' : decodeURIComponent(wanted) === decodeURIComponent(got)
  })
}

/** 0 = bound to exactly this host, 3 = to any; undefined = to others. */
function hostRank({ hosts }: RouteConfig, asked: string): number | undefined {
  if (!hosts) return 3
  const ranks = hosts.flatMap((host) => {
    if (host === asked) return [0]
    if (!host.startsWith('*') || !asked.endsWith(host.slice(1))) return []
    return [host === '*.x.test' ? 1 : 2]
  })
  return ranks.length > 0 ? Math.min(...ranks) : undefined
}

/** Sorts by: literal, parameter, end of the path, at the first segment that differs. */
function pathRank({ path }: RouteConfig): string {
  return [...segmentsOf(path).map((segment) => (segment.startsWith(':') ? '1' : '0')), '2'].join('')
}

function linearFind(routes: readonly RouteConfig[], method: string, host: string, path: string): string {
  const here = routes.filter((each) => hostRank(each, host) !== undefined && matchesPath(each, path))
  const rank = (each: RouteConfig): string =>
    `${hostRank(each, host)} ${pathRank(each)} ${each.methods ? 0 : 1}`
  const [best] = here
    .filter(({ methods }) => !methods || methods.includes(method))
    .toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1))
  if (best) return best.name
  const allow = new Set(here.flatMap(({ methods }) => methods ?? []))
  return allow.size > 0 ? `405 ${[...allow].toSorted().join(', ')}` : '404'
}

/** Whether both claim the same host, path and method, written down the slow way. */
function clash(a: RouteConfig, b: RouteConfig): boolean {
  const share = (one: readonly string[] | undefined, other: readonly string[] | undefined): boolean =>
    one && other ? one.some((item) => other.includes(item)) : one === other
  const [left, right] = [segmentsOf(a.path), segmentsOf(b.path)]
  const sameShape =
    left.length === right.length &&
    left.every((segment, index) => {
      const other = right[index]!
      if (segment.startsWith(':') || other.startsWith(':')) return segment[0] === other[0]
      return decodeURIComponent(segment) === decodeURIComponent(other)
    })
  return sameShape && share(a.methods, b.methods) && share(a.hosts, b.hosts)
}

test('a thousand random routes conflict exactly where they claim the same requests', () => {
  const random = seeded(4)
  const routes = Array.from({ length: 1000 }, (_, index) => randomRoute(random, index, 0))
  const expected = routes.filter((each, index) => routes.slice(0, index).some((other) => clash(other, each)))
  assert.deepEqual(
    findRouteConflicts(routes).map(({ second }) => second.name),
    expected.map(({ name }) => name)
  )
  for (const { first, second } of findRouteConflicts(routes)) assert.ok(clash(first, second))
})

test('a thousand random routes are found as a search through the list finds them', () => {
  const random = seeded(5)
  const routes: RouteConfig[] = []
  for (let index = 0; routes.length < 1000; index++) {
    const next = randomRoute(random, index, 3)
    if (!routes.some((other) => clash(other, next))) routes.push(next)
  }
  assert.deepEqual(findRouteConflicts(routes), [])
  const table = new RouteTable(routes)
  const kinds = { match: 0, mismatch: 0, none: 0 }
  for (let request = 0; request < 5000; request++) {
    const method = oneOf(random, [...METHODS, 'DELETE'])
    const host = oneOf(random, ['x.test', 'y.x.test', 'z.y.x.test', 'z.test', 'test', 'other.example'])
    const segments = Array.from({ length: between(random, 1, 6) }, () =>
      oneOf(random, [...LITERALS, 'zz', '%62', '', 'b%2Fc', 'ab'])
    )
    const path = `/${segments.join('/')}`
    const expected = linearFind(routes, method, host, path)
    kinds[expected === '404' ? 'none' : expected.startsWith('405') ? 'mismatch' : 'match']++
    assert.equal(find(table, `${method} ${path}`, host), expected, `${method} ${path} at ${host}`)
  }
  for (const count of Object.values(kinds)) assert.ok(count > 200, JSON.stringify(kinds))
})
