import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { convertText, interpolate } from '../../src/config/interpolate.ts'

const SOURCES = {
  env: { A: 'a', B: 'b', EMPTY: '', NESTED: '${env:A}', PATTERN: '$& $1' },
  readFile: async (path: string) => {
    const files: Record<string, string> = { one: 'x\n', windows: 'x\r\n', two: 'x\n\n', none: 'x' }
    const content = files[path]
    if (content === undefined) throw Object.assign(new Error('secret detail'), { code: 'EACCES' })
    return content
  }
}

async function expand(text: string): Promise<unknown> {
  const { value, findings } = await interpolate({ text }, SOURCES)
  assert.deepEqual(findings, [])
  return (value as { text: unknown }).text
}

suite('placeholders are replaced', () => {
  test('by variables, as often as they come', async () => {
    assert.equal(await expand('${env:A}'), 'a')
    assert.equal(await expand('<${env:A}${env:B}-${env:A}>'), '<ab-a>')
    assert.equal(await expand('${env:EMPTY}'), '')
  })

  test('by files, without one line break at the end', async () => {
    assert.deepEqual(
      await Promise.all(['one', 'windows', 'two', 'none'].map((name) => expand(`\${file:${name}}`))),
      ['x', 'x', 'x\n', 'x']
    )
  })

  test('once: what was put in is taken as it is', async () => {
    assert.equal(await expand('${env:NESTED}'), '${env:A}')
    assert.equal(await expand('${env:PATTERN}'), '$& $1')
  })

  test('not where they are escaped', async () => {
    assert.equal(await expand('$${env:A} ${env:A}'), '${env:A} a')
    assert.equal(await expand('$A $ {env:A} {env:A}'), '$A $ {env:A} {env:A}')
  })

  test('at any depth, and nothing but texts changes', async () => {
    const { value } = await interpolate({ a: [{ b: '${env:A}' }, 1, null, true], '${env:A}': 2 }, SOURCES)
    assert.deepEqual(value, { a: [{ b: 'a' }, 1, null, true], '${env:A}': 2 })
  })
})

test('what was interpolated is remembered as it was written', async () => {
  const { interpolated } = await interpolate({ a: ['${env:A}', 'x${env:A}', 'x'] }, SOURCES)
  assert.deepEqual(Object.fromEntries(interpolated), {
    'a[0]': { written: '${env:A}', whole: true },
    'a[1]': { written: 'x${env:A}', whole: false }
  })
})

test('a placeholder without a value is a finding and stays as written', async () => {
  const { value, findings } = await interpolate(
    { a: '${env:A}${env:NO}', b: '${file:no}', c: '${toString}' },
    SOURCES
  )
  assert.deepEqual(value, { a: '${env:A}${env:NO}', b: '${file:no}', c: '${toString}' })
  assert.deepEqual(findings.map(({ path, message }) => `${path.join('.')}: ${message}`).sort(), [
    'a: expected the environment variable NO to be set',
    'b: expected a readable file no, got EACCES',
    'c: expected ${env:NAME} or ${file:PATH}, got "${toString}"; a plain ${ is written $${'
  ])
})

test('a text becomes a number or a switch only where it is one', () => {
  assert.equal(convertText('8080', 'integer'), 8080)
  assert.equal(convertText('-1', 'integer'), -1)
  assert.equal(convertText('1.5', 'number'), 1.5)
  assert.equal(convertText('true', 'boolean'), true)
  assert.equal(convertText('false', 'boolean'), false)
  for (const [text, type] of [
    ['', 'integer'],
    ['0x10', 'integer'],
    ['1e3', 'integer'],
    [' 1', 'integer'],
    ['Infinity', 'integer'],
    ['TRUE', 'boolean'],
    ['1', 'boolean'],
    ['1', 'string'],
    ['a', 'object']
  ] as const) {
    assert.equal(convertText(text, type), undefined, `${text} as ${type}`)
  }
})
