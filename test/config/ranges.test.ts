import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { stringify } from 'yaml'
import { ConfigError } from '../../src/config/issue.ts'
import { loadConfig } from '../../src/config/load.ts'
import { configSchema } from '../../src/config/schema.ts'
import {
  DURATION_PATTERN,
  SIZE_PATTERN,
  formatDuration,
  parseDuration,
  parseSize
} from '../../src/config/units.ts'
import { temporaryFolder } from './temporary-folder.ts'

interface Node {
  readonly description?: string
  readonly pattern?: string
  readonly properties?: Readonly<Record<string, Node>>
  readonly patternProperties?: Readonly<Record<string, Node>>
  readonly items?: Node
  readonly anyOf?: readonly Node[]
}

type Step = string | number

/** What stands beside a key that is tried, where it may not stand alone. */
const BESIDE: Readonly<Record<string, unknown>> = {
  'server.limits': { requestTimeout: '24h' },
  rateLimit: { limit: 1, per: '1s' },
  'auth.jwt.shop': { issuer: 'i', audience: 'a', jwks: 'https://i' },
  'upstreams.shop': { backends: ['http://a'] },
  'upstreams.shop.outlierDetection': { ejectFor: '1ms', maxEjectFor: '24h' },
  'upstreams.shop.discovery': { type: 'dns', name: 'a', port: 1 },
  'routes.0': { path: '/', upstream: 'shop' },
  'routes.0.rateLimit': { limit: 1, per: '1s' },
  'routes.0.cors': { origins: ['*'] }
}

/** Every place where a text of this form may stand, with how it is described. */
function* places(
  node: Node,
  pattern: string,
  path: readonly Step[] = []
): Generator<[readonly Step[], string]> {
  if (node.pattern === pattern) yield [path, node.description ?? '']
  for (const [key, child] of Object.entries(node.properties ?? {}))
    yield* places(child, pattern, [...path, key])
  for (const child of Object.values(node.patternProperties ?? {}))
    yield* places(child, pattern, [...path, 'shop'])
  if (node.items) yield* places(node.items, pattern, [...path, 0])
  const forms = node.anyOf ?? []
  // A list of the same is looked at as the one form alone.
  for (const form of forms.some(({ properties }) => properties)
    ? forms.filter(({ items }) => !items)
    : forms) {
    yield* places(form, pattern, path)
  }
}

/** A configuration with a value at a place, and with what it needs. */
function configurationWith(path: readonly Step[], value: string): string {
  const root: Record<string, unknown> = { upstreams: { shop: { backends: ['http://a'] } } }
  let at: Record<Step, unknown> = root
  for (const [index, step] of path.entries()) {
    const place = path.slice(0, index + 1).join('.')
    if (index === path.length - 1) at[step] = value
    else
      at = (at[step] = typeof path[index + 1] === 'number' ? [] : { ...(BESIDE[place] as object) }) as Record<
        Step,
        unknown
      >
  }
  return stringify(root)
}

/** The errors about a place, as their paths begin. */
async function errorsAt(file: string, path: readonly Step[], value: string): Promise<string[]> {
  await writeFile(file, configurationWith(path, value))
  try {
    await loadConfig(file)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const place = path.reduce<string>(
      (text, step) => (typeof step === 'number' ? `${text}[${step}]` : `${text}${text && '.'}${step}`),
      ''
    )
    return error.message.split('\n').filter((line) => line.includes(` ${place}: `))
  }
}

suite('what the schema says of ranges that it can not check', () => {
  const forms = [
    { name: 'durations', pattern: DURATION_PATTERN, read: parseDuration, write: formatDuration, least: 30 },
    { name: 'sizes', pattern: SIZE_PATTERN, read: parseSize, write: (bytes: number) => `${bytes}B`, least: 4 }
  ]
  for (const { name, pattern, read, write, least: count } of forms) {
    test(`is so of ${name}`, async (t) => {
      const file = join(await temporaryFolder(t, {}), 'gateway.yaml')
      let looked = 0
      for (const [path, description] of places(configSchema as Node, pattern)) {
        const place = path.join('.')
        const [, none, most, first, second] =
          / (?:(0s), or from|From|(Up to)) (\w+)(?: to (\w+))?\.$/.exec(description) ?? []
        assert.ok(first !== undefined, `${place} has no range: ${description}`)
        const least = most ? 0 : read(first)!
        const greatest = read(most ? first : second!)!
        assert.notDeepEqual(
          await errorsAt(file, path, write(greatest + 1)),
          [],
          `${place}: more than ${greatest}`
        )
        looked++
        assert.deepEqual(await errorsAt(file, path, write(greatest)), [], place)
        assert.deepEqual(await errorsAt(file, path, write(least)), [], place)
        if (none) assert.deepEqual(await errorsAt(file, path, '0s'), [], place)
        if (least > 0)
          assert.notDeepEqual(
            await errorsAt(file, path, write(least - 1 || 0)),
            [],
            `${place}: less than ${least}`
          )
      }
      assert.ok(looked >= count, `only ${looked} were found`)
    })
  }
})
