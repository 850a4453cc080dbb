import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { COUNTED_REASONS } from '../../src/telemetry/counted-reasons.ts'
import { exposedFamilies, processFamilies } from '../monitoring/exposed-families.ts'
import { readRules } from '../monitoring/rules-file.ts'
import { withoutBlocks } from './blocks.ts'
import { type Document, readDocuments } from './documents.ts'
import { codeIn, configKeys, readSources, statusesOf } from './vocabulary.ts'

/** The documents for those who run a gateway: what they name, somebody looks for at night. */
const NAMES = ['balancing', 'certificates', 'health', 'operations', 'performance', 'troubleshooting']

/** Words that look like ours, and are somebody else's. */
const FOREIGN = new Set([
  // Of Kubernetes.
  'externalTrafficPolicy',
  'terminationGracePeriodSeconds',
  'preStop',
  'subPath',
  'clusterIP',
  'containerLogMaxSize',
  // Of nginx, Linux and ORCA.
  'ip_hash',
  'least_conn',
  'cpu_utilization',
  'application_utilization'
])

const DOCUMENTS = (await readDocuments()).filter(({ name }) =>
  NAMES.some((each) => name === `docs/${each}.md`)
)
const TROUBLESHOOTING = DOCUMENTS.find(({ name }) => name === 'docs/troubleshooting.md')!
const SOURCES = await readSources()

/** What of each document is not as it should be. */
function wrongIn(find: (text: string, document: Document) => Iterable<string>): string[] {
  return DOCUMENTS.flatMap((document) =>
    [...new Set(find(withoutBlocks(document.text), document))].map((word) => `${document.name}: ${word}`)
  )
}

/** The rows of a table, as cells, below a heading. */
function rowsBelow(heading: string): string[][] {
  const [, section = ''] = TROUBLESHOOTING.text.split(`\n## ${heading}\n`)
  return section
    .split('\n## ')[0]!
    .split('\n')
    .filter((line) => line.startsWith('| `') && !line.startsWith('| `reason` |'))
    .map((line) => line.slice(2, -2).split(' | '))
}

suite('the documents for operations', () => {
  test('are all there', () => {
    assert.equal(DOCUMENTS.length, NAMES.length)
  })

  test('name only reasons and words that the code has', () => {
    const isKnown = (word: string): boolean =>
      FOREIGN.has(word) ||
      /^status_(?:\d{3}|5xx)$/.test(word) ||
      SOURCES.includes(`'${word}'`) ||
      SOURCES.includes(`${word}:`)
    const wrong = wrongIn((text) =>
      codeIn(text).filter(
        (word) =>
          /^[a-z0-9]+(?:_[a-z0-9]+)+$/.test(word) &&
          !/^(?:xecureapi|process|nodejs)_/.test(word) &&
          !isKnown(word)
      )
    )
    assert.deepEqual(wrong, [])
  })

  test('name only keys that a configuration or an answer has', () => {
    const keys = configKeys()
    const isKnown = (word: string): boolean =>
      keys.has(word) || FOREIGN.has(word) || new RegExp(`\\b${word}\\b`).test(SOURCES)
    const wrong = wrongIn((text) =>
      codeIn(text)
        .filter((code) => /^[\w.]+$/.test(code))
        .flatMap((code) => code.split('.'))
        .filter((word) => /^[a-z]+(?:[A-Z][a-z]+)+$/.test(word) && !isKnown(word))
    )
    assert.deepEqual(wrong, [])
  })

  test('name only metrics that there are', async (t) => {
    const names = (await exposedFamilies(t)).map(({ name }) => name)
    const known = new Set([...names, ...(await processFamilies())])
    const named = (text: string) => text.match(/\b(?:xecureapi|process|nodejs)_[a-z_]+\b/g) ?? []
    assert.deepEqual(
      wrongIn((text) => named(text).filter((name) => !known.has(name))),
      []
    )
    assert.ok(named(TROUBLESHOOTING.text).length >= 20)
  })

  test('name only alerts that there are, and troubleshooting.md names all of them', async () => {
    const alerts = new Set((await readRules()).flatMap(({ alert }) => alert ?? []))
    const named = (text: string) => text.match(/\bXecureapi[A-Z]\w+\b/g) ?? []
    assert.deepEqual(
      wrongIn((text) => named(text).filter((name) => !alerts.has(name))),
      []
    )
    const missing = [...alerts].filter((alert) => !TROUBLESHOOTING.text.includes(`\`${alert}\``))
    assert.deepEqual(missing, [])
    const operations = DOCUMENTS.find(({ name }) => name === 'docs/operations.md')!
    assert.ok(operations.text.includes(` ${alerts.size} alerts `))
  })

  test('name only events that there are', () => {
    const events = new Set([...SOURCES.matchAll(/readonly type: '(\w+)'/g)].map(([, type]) => type))
    const named = (text: string) =>
      [...text.matchAll(/[Ee]vents? (`\w+`(?:(?:, | and |, and )`\w+`)*)/g)].flatMap(([, list = '']) =>
        codeIn(list)
      )
    assert.deepEqual(
      wrongIn((text) => named(text).filter((name) => !events.has(name))),
      []
    )
    assert.ok(DOCUMENTS.flatMap(({ text }) => named(text)).length >= 15)
  })

  test('quote only lines of the log that there are', () => {
    const command =
      /^(?:xecureapi|npx|npm|curl|kill|openssl|ss|kubectl|backends|systemctl|certbot|dmesg|journalctl|a a b)\b/
    // Words with spaces between, and nothing that only settings and commands have.
    const isLine = (code: string): boolean =>
      /^[a-z][a-z]* [a-zA-Z' ]+(?:[,:] [a-zA-Z' ]+)*$/.test(code) && !command.test(code)
    const wrong = wrongIn((text) =>
      codeIn(text).filter((code) => isLine(code) && code.split(' ').length >= 2 && !SOURCES.includes(code))
    )
    assert.deepEqual(wrong, [])
  })
})

suite('docs/troubleshooting.md', () => {
  const rows = rowsBelow('Every reason')

  test('lists every reason that a request can fail for, and no other', () => {
    const listed = rows.flatMap(([words = '']) => codeIn(words))
    assert.deepEqual(
      listed.toSorted(),
      COUNTED_REASONS.words.filter((word) => word !== '__other__').toSorted()
    )
  })

  test('names every reason for which the public port answers by itself', async () => {
    // The admin port has answers of its own, which metrics don't count.
    const emitted = [...statusesOf(await readSources(['src/admin/**', 'src/membership/**'])).keys()]
    assert.deepEqual(
      emitted.filter((word) => !COUNTED_REASONS.words.includes(word)),
      []
    )
    assert.ok(emitted.length >= 20)
  })

  test('says the statuses that the code answers with', () => {
    const statuses = statusesOf(SOURCES)
    const wrong = rows.flatMap(([words = '', said = '']) =>
      codeIn(words).flatMap((word) =>
        [...(statuses.get(word) ?? [])]
          .filter((status) => !said.includes(String(status)))
          .map((status) => `${word}: ${status}`)
      )
    )
    assert.deepEqual(wrong, [])
    assert.ok(statuses.size >= 20)
  })

  test('leads from each reason to a section that names it', () => {
    for (const [words = '', , see = ''] of rows) {
      const heading = /\[([^\]]+)\]/.exec(see)![1]!
      const [, section = ''] = TROUBLESHOOTING.text.split(
        `\n## ${heading === '429' ? '429, unexpectedly' : heading}\n`
      )
      const text = section.split('\n## ')[0]!
      for (const word of codeIn(words)) {
        const isNamed = text.includes(`\`${word}\``) || (word.startsWith('hpe_') && text.includes('`hpe_…`'))
        assert.ok(isNamed, `${heading}: ${word}`)
      }
    }
  })
})
