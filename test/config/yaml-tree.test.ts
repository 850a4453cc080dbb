import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { parseYaml } from '../../src/config/yaml-tree.ts'

suite('the lines of a document', () => {
  const tree = parseYaml(
    [
      '# a comment', // 1
      'server:', // 2
      '  host:', // 3
      '    0.0.0.0', // 4
      '  port: 8080', // 5
      'list:', // 6
      '  - a', // 7
      '  - b: 1', // 8
      '    c: 2', // 9
      'empty:', // 10
      'flow: { x: [1,', // 11
      '  2] }', // 12
      'text: |', // 13
      '  long', // 14
      ''
    ].join('\n')
  )

  test('are those of the values; of a mapping or list, of its key', () => {
    const { lines } = tree
    assert.equal(lines.lineOf(['server']), 2)
    assert.equal(lines.lineOf(['server', 'host']), 4)
    assert.equal(lines.lineOf(['server', 'host'], 'key'), 3)
    assert.equal(lines.lineOf(['server', 'port']), 5)
    assert.equal(lines.lineOf(['list']), 6)
    assert.equal(lines.lineOf(['list', 0]), 7)
    assert.equal(lines.lineOf(['list', 1]), 8)
    assert.equal(lines.lineOf(['list', 1, 'c']), 9)
    assert.equal(lines.lineOf(['empty']), 10)
    assert.equal(lines.lineOf(['flow', 'x', 1]), 12)
    assert.equal(lines.lineOf(['text']), 13)
  })

  test('of what is missing are those of what is around it', () => {
    assert.equal(tree.lines.lineOf(['server', 'workers']), 2)
    assert.equal(tree.lines.lineOf(['list', 1, 'd', 'e']), 8)
    assert.equal(tree.lines.lineOf(['admin', 'port']), 1)
    assert.ok(tree.lines.has(['list', 1, 'c']) && !tree.lines.has(['list', 2]))
  })

  test('of aliased values are where they are written', () => {
    const { lines } = parseYaml('a: &a\n  b: 1\nc: *a\nd:\n  <<: *a\n  e: 2\n')
    assert.equal(lines.lineOf(['c']), 3)
    assert.equal(lines.lineOf(['c', 'b']), 2)
    assert.equal(lines.lineOf(['d', 'b']), 2)
    assert.equal(lines.lineOf(['d', 'e']), 6)
  })
})

suite('merges', () => {
  test('give way to own keys, and earlier ones win', () => {
    const text =
      'a: &a { x: 1, y: 1 }\nb: &b { y: 2, z: 2 }\nc: { <<: [*a, *b], x: 3 }\nd: { <<: { x: 4 } }\n'
    const { value, findings } = parseYaml(text)
    assert.deepEqual((value as Record<string, unknown>)['c'], { x: 3, y: 1, z: 2 })
    assert.deepEqual((value as Record<string, unknown>)['d'], { x: 4 })
    assert.deepEqual(findings, [])
  })

  test('are an ordinary key when it is in quotes', () => {
    assert.deepEqual(parseYaml('"<<": 1\n').value, { '<<': 1 })
  })
})

suite('a document that means harm', () => {
  test('can not grow without bound by its aliases', () => {
    const levels = Array.from({ length: 12 }, (_, level) => {
      const previous = level === 0 ? '0' : `*l${level - 1}`
      return `l${level}: &l${level} [${Array.from({ length: 10 }, () => previous).join(', ')}]`
    })
    const { findings } = parseYaml(levels.join('\n'))
    assert.deepEqual(
      findings.map(({ message }) => message),
      ['expected aliases to repeat fewer than 50000 values']
    )
  })

  test('can not grow without bound by its merges', () => {
    const levels = Array.from({ length: 12 }, (_, level) => {
      const previous = level === 0 ? '{ x: 1 }' : `*m${level - 1}`
      return `m${level}: &m${level} { <<: [${Array.from({ length: 10 }, () => previous).join(', ')}] }`
    })
    const { findings } = parseYaml(levels.join('\n'))
    assert.equal(findings.length, 1)
  })

  test('can not contain itself', () => {
    const { findings } = parseYaml('a: &a { b: *a }\nc: &c { <<: *c }\n')
    assert.deepEqual(
      findings.map(({ message }) => message),
      [
        'expected an alias of something that does not contain it, got *a',
        'expected an alias of something that does not contain it, got *c'
      ]
    )
  })

  test('can not reach the prototype of objects', () => {
    const { value } = parseYaml('__proto__: { polluted: true }\n')
    assert.deepEqual(Object.keys(value as object), ['__proto__'])
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined)
    assert.equal(Object.getPrototypeOf(value), Object.prototype)
  })
})

test('keys are texts, whatever they look like', () => {
  assert.deepEqual(parseYaml('1: a\ntrue: b\n? [c, d]\n: e\n').value, {
    '1': 'a',
    true: 'b',
    '["c","d"]': 'e'
  })
})

test('of a broken document, one error a line is told', () => {
  const { broken, findings } = parseYaml('a: { b: ${env:C} }\n')
  assert.ok(broken)
  assert.deepEqual(
    findings.map(({ line }) => line),
    [1]
  )
})
