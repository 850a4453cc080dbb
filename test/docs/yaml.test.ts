import assert from 'node:assert/strict'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { loadConfig } from '../../src/config/load.ts'
import { configSchema } from '../../src/config/schema.ts'
import { temporaryFolder } from '../config/temporary-folder.ts'
import { type Block, placeOf } from './blocks.ts'
import { ROOT, readDocuments } from './documents.ts'
import { waysOf } from './ways.ts'

const BLOCKS = (await readDocuments()).flatMap(({ blocks }) => blocks)
const CONFIGURATIONS = BLOCKS.filter((block) => waysOf(block).includes('configuration'))
const OTHERS = BLOCKS.filter((block) => waysOf(block).includes('other-yaml'))

type Mapping = Record<string, unknown>

/** The whole configuration that a fragment is a part of: `group` and `route` are what one of them is. */
function wholeOf({ words, text }: Block): string {
  if (words.includes('group')) return stringify({ upstreams: { catalog: parse(text) as Mapping } })
  const written = (words.includes('route') ? { routes: [parse(text)] } : parse(text)) as Mapping
  assert.ok(
    Object.keys(written).some((key) => Object.hasOwn(configSchema.properties, key)),
    'no key of it is one of a configuration: is it something else?'
  )
  const missing = groupsOf(written).filter(
    (name) => !Object.hasOwn((written['upstreams'] ?? {}) as Mapping, name)
  )
  if (missing.length === 0) return words.includes('route') ? stringify(written) : text
  const added = Object.fromEntries(missing.map((name) => [name, { backends: ['http://127.0.0.1:3001'] }]))
  return stringify({ ...written, upstreams: { ...(written['upstreams'] as Mapping | undefined), ...added } })
}

/** The groups that routes send to. */
function groupsOf({ routes = [] }: Mapping): string[] {
  const parts = (routes as { upstream: string | { group: string }[] }[]).flatMap<string | { group: string }>(
    ({ upstream }) => upstream
  )
  return parts.map((part) => (typeof part === 'string' ? part : part.group))
}

suite('configurations in the documents', () => {
  for (const block of CONFIGURATIONS) {
    const invalid = block.words.includes('invalid')
    test(`${placeOf(block)} is ${invalid ? 'not ' : ''}valid`, async (t) => {
      const folder = await temporaryFolder(t, {})
      let text = wholeOf(block)
      for (const [name] of text.matchAll(/\/run\/secrets\/[\w.-]+/g)) {
        const file = join(folder, name.replaceAll('/', '-'))
        await writeFile(file, `what-stands-in${name.replaceAll('/', '-')}\n`)
        text = text.replaceAll(name, file)
      }
      for (const [, name = ''] of text.matchAll(/\$\{env:(\w+)\}/g)) {
        const before = process.env[name]
        process.env[name] = before ?? 'what-stands-in-the-environment'
        t.after(() => {
          if (before === undefined) delete process.env[name]
        })
      }
      const [, routesDir] = /^routesDir: ([\w.-]+)$/m.exec(text) ?? []
      if (routesDir !== undefined && routesDir !== 'routes') await mkdir(join(folder, routesDir))
      await symlink(join(ROOT, 'routes'), join(folder, 'routes'))
      const file = join(folder, 'gateway.yaml')
      await writeFile(file, text)
      if (invalid) await assert.rejects(loadConfig(file))
      else await loadConfig(file)
    })
  }

  test('are found, or these tests would find nothing', () => {
    assert.ok(CONFIGURATIONS.length >= 20)
  })
})

suite('what stands beside the gateway, in the documents', () => {
  for (const block of OTHERS) {
    test(`${placeOf(block)} is ${block.words.join(' ')}`, () => {
      const documents = parseAllDocuments(block.text)
      assert.ok(Array.isArray(documents) && documents.length > 0)
      for (const document of documents) {
        assert.deepEqual(document.errors, [])
        checkShape(block, document.toJS() as Mapping)
      }
    })
  }
})

/** Top-level keys of what is no kubernetes. */
const KEYS = {
  compose: ['services', 'volumes', 'networks', 'secrets', 'configs', 'name'],
  prometheus: ['global', 'scrape_configs', 'rule_files', 'alerting', 'groups'],
  traefik: [
    'http',
    'tcp',
    'udp',
    'tls',
    'entryPoints',
    'providers',
    'api',
    'certificatesResolvers',
    'log',
    'accessLog'
  ]
}

function checkShape({ words }: Block, document: Mapping): void {
  if (words.includes('kubernetes')) {
    for (const key of ['apiVersion', 'kind', 'metadata']) assert.ok(key in document, `${key} is missing`)
    return
  }
  const kind = Object.entries(KEYS).find(([word]) => words.includes(word))
  const unknown = Object.keys(document).filter((key) => !key.startsWith('x-') && !kind![1].includes(key))
  assert.deepEqual(unknown, [])
}
