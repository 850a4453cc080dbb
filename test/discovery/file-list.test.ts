import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atOnce } from '../../src/config/turns.ts'
import { formatPath } from '../../src/config/path.ts'
import { readFileList } from '../../src/discovery/file-list.ts'

function read(text: string): unknown {
  const result = atOnce(readFileList(text))
  if ('backends' in result) return result.backends
  return result.findings.map(({ line, path, message }) => `${line}: ${formatPath(path)}: ${message}`)
}

test('a file of Prometheus is read: targets are http by default, other labels are somebody else’s', () => {
  const text = JSON.stringify([
    {
      targets: ['10.0.0.2:3001', 'https://10.0.0.2', '[fd00::1]:80'],
      labels: { weight: '2', tier: '1', max_in_flight: '10', env: 'production' }
    },
    { targets: ['catalog-1.internal:3001'] }
  ])
  const settings = { weight: 2, tier: 1, maxInFlight: 10 }
  assert.deepEqual(read(text), [
    { url: 'http://10.0.0.2:3001', ...settings },
    { url: 'http://[fd00::1]', ...settings },
    { url: 'http://catalog-1.internal:3001' },
    { url: 'https://10.0.0.2', ...settings }
  ])
})

test('a list of backends as in the configuration is read, in YAML', () => {
  const text = '- http://B:80/\n- { url: "http://a:3001", weight: 0, tier: 15, maxInFlight: 1000000 }\n'
  assert.deepEqual(read(text), [
    { url: 'http://a:3001', weight: 0, tier: 15, maxInFlight: 1_000_000 },
    { url: 'http://b' }
  ])
})

test('an empty list has no backends; a file without a list is not valid', () => {
  assert.deepEqual(read('[]'), [])
  assert.deepEqual(read('[{ "targets": [] }]'), [])
  assert.deepEqual(read(''), ['1: (root): expected a list of backends, got nothing'])
  assert.deepEqual(read('{}'), ['1: (root): expected a list of backends, got an object'])
})

test('the same backend twice is one, unless its settings differ', () => {
  assert.deepEqual(read('- http://a:1\n- http://a:1/\n'), [{ url: 'http://a:1' }])
  assert.deepEqual(read('- http://a:1\n- { url: "http://a:1", weight: 2 }\n'), [
    '2: [1].url: expected the settings that this backend has in the list before'
  ])
})

test('whatever is wrong is said with its place', () => {
  const text = `- a:3001
- { url: "http://a", weigth: 1, tier: 16 }
- { targets: [10.0.0.1:3001, "ftp://a", "a/b", 5], labels: { weight: "1.5", tier: -1 } }
- { targets: a }
- { targets: [], labels: [], job: x }
- 5
- { url: "http://a:70000", maxInFlight: "1" }
`
  assert.deepEqual(read(text), [
    '1: [0]: expected an http:// or https:// URL',
    '2: [1].weigth: unknown key; did you mean "weight"?',
    '2: [1].tier: expected a whole number from 0 to 15, got 16',
    '3: [2].labels.weight: expected a whole number from 0 to 1000, got a text',
    '3: [2].labels.tier: expected a whole number from 0 to 15, got -1',
    '3: [2].targets[1]: expected an http:// or https:// URL',
    '3: [2].targets[2]: expected an origin without path, query or fragment',
    '3: [2].targets[3]: expected a target such as 10.0.0.1:3001, got a number',
    '4: [3].targets: expected a list of targets, got a text',
    '5: [4].job: unknown key; expected one of targets, labels',
    '5: [4].labels: expected labels, got a list',
    '6: [5]: expected a URL, { url } or { targets }, got a number',
    '7: [6].maxInFlight: expected a whole number from 0 to 1000000, got a text',
    '7: [6].url: expected a URL with a valid host and a port from 1 to 65535'
  ])
})

test('nothing that is wrong is repeated, because it may hold a password', () => {
  for (const text of [
    '- http://user:hunter2@a:1\n',
    '- http://user:hunter2@a: 1\n',
    '- { "http://hunter2": 1, "http://hunter2": 2 }\n',
    '- "hunter2" "hunter2"\n',
    '- { url: hunter2, weight: hunter2 }\n',
    '- [hunter2'
  ]) {
    const messages = read(text)
    assert.ok(Array.isArray(messages) && messages.length > 0)
    assert.doesNotMatch(messages.join('\n'), /hunter2/)
  }
})

test('JSON that is cut off anywhere is not valid', () => {
  const text = JSON.stringify([{ targets: ['10.0.0.1:3001', '10.0.0.2:3001'], labels: { weight: '2' } }])
  for (let length = 0; length < text.length; length++) {
    assert.match(String(read(text.slice(0, length))), /expected/)
  }
})

test('there are at most 10,000 targets, and no brackets without end', () => {
  const list = (count: number): string =>
    JSON.stringify([{ targets: Array.from({ length: count }, (_, index) => `a:${(index % 9) + 1}`) }])
  assert.equal((read(list(10_000)) as unknown[]).length, 9)
  assert.deepEqual(read(list(10_001)), ['1: (root): expected at most 10000 targets, got 10001'])
  assert.match(String(read('['.repeat(20_000))), /expected valid YAML/)
})
