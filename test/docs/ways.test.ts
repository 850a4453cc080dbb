import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Block, placeOf, readBlocks } from './blocks.ts'
import { readDocuments } from './documents.ts'
import { unknownWords, waysOf } from './ways.ts'

const DOCUMENTS = await readDocuments()
const BLOCKS = DOCUMENTS.flatMap(({ blocks }) => blocks)

suite('the fenced blocks of the documents', () => {
  test('are each checked in exactly one way (test/docs/README.md says which there are)', () => {
    const wrong = BLOCKS.filter((block) => waysOf(block).length !== 1).map(
      (block) =>
        `${placeOf(block)}: \`\`\`${[block.language, ...block.words].join(' ')}: ${waysOf(block).join(', ') || 'none'}`
    )
    assert.deepEqual(wrong, [])
  })

  test('have no word that means nothing', () => {
    const wrong = BLOCKS.flatMap((block) => unknownWords(block).map((word) => `${placeOf(block)}: ${word}`))
    assert.deepEqual(wrong, [])
  })

  test('hold no command where nobody would run it', () => {
    const command = /^\s*(?:\$ |npm (?:ci|run|start|test)\b|npx |curl |xecureapi [a-z])/m
    const wrong = BLOCKS.filter(
      (block) => ['picture', 'json', 'http'].includes(waysOf(block)[0]!) && command.test(block.text)
    )
    assert.deepEqual(wrong.map(placeOf), [])
  })

  test('are run where they are programs, or written for what is, and else define something', () => {
    const runs = (block: Block) =>
      block.words.some((word) => /^(?:program|stays|file=.*)$/.test(word)) || /^export /m.test(block.text)
    const wrong = BLOCKS.filter((block) => waysOf(block)[0] === 'code' && !runs(block))
    assert.deepEqual(wrong.map(placeOf), [])
  })

  test('are found in all documents, or these tests would find nothing', () => {
    assert.ok(DOCUMENTS.length >= 12, `${DOCUMENTS.length} documents`)
    assert.ok(BLOCKS.length >= 50, `${BLOCKS.length} blocks`)
  })

  test('are read with their headings, words, lines and without the indentation of their list', () => {
    const text = [
      '# One',
      '',
      '- a',
      '  ```sh stays',
      '  a b',
      '    c',
      '  ```',
      '## Two',
      '````text',
      '```',
      '````'
    ].join('\n')
    assert.deepEqual(readBlocks('x.md', text), [
      { file: 'x.md', line: 4, heading: 'One', language: 'sh', words: ['stays'], text: 'a b\n  c\n' },
      { file: 'x.md', line: 9, heading: 'Two', language: 'text', words: [], text: '```\n' }
    ])
    assert.throws(() => readBlocks('x.md', '```sh\na\n'), /x\.md:1/)
  })
})
