import '../helpers/compile-cache.ts'
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { placeOf, withoutBlocks } from './blocks.ts'
import { commandLines } from './command-lines.ts'
import { ROOT, readDocuments } from './documents.ts'
import { wrongCommand } from './project-commands.ts'
import { waysOf } from './ways.ts'

const DOCUMENTS = await readDocuments()
const BLOCKS = DOCUMENTS.flatMap(({ blocks }) => blocks)
const SHELL = BLOCKS.filter(({ language }) => language === 'sh')

/** Code within text that is a command of the project, by its place; not one with a choice or a gap, which nobody can type. */
function inlineCommands(): { place: string; command: string }[] {
  return DOCUMENTS.flatMap(({ name, text }) =>
    withoutBlocks(text)
      .split('\n')
      .flatMap((line, index) =>
        [...line.matchAll(/`((?:npx xecureapi|xecureapi|npm) [^`]*)`/g)].map(([, command = '']) => ({
          place: `${name}:${index + 1}`,
          command
        }))
      )
  ).filter(({ command }) => !/[|…]|xecureapi [A-Z]/.test(command))
}

suite('commands in the documents', () => {
  test('are ones that the project has, where they stand within a text', async () => {
    const commands = inlineCommands()
    assert.ok(commands.length >= 20)
    await assertNoneIsWrong(commands)
  })

  test('are ones that the project has, where they stand in a block', async () => {
    await assertNoneIsWrong(SHELL.map((block) => ({ place: placeOf(block), command: block.text })))
  })

  for (const block of SHELL.filter((block) => waysOf(block).includes('not-run'))) {
    test(`${placeOf(block)} is written in the shell's language, and the files that it names exist`, () => {
      const { status, stderr } = spawnSync('bash', ['-n'], { input: block.text, encoding: 'utf8' })
      assert.equal(status, 0, stderr)
      for (const words of commandLines(block.text)) {
        // What a document tells to write or to check out elsewhere begins otherwise.
        for (const word of words.filter((each) =>
          /^(?:docs|examples|monitoring|scripts|bench|routes)\/[\w./-]+$/.test(each)
        )) {
          assert.ok(existsSync(join(ROOT, word)), word)
        }
      }
    })
  }

  test('are told apart as the shell does', () => {
    assert.deepEqual(
      commandLines(`A=1 npm run x -- --y 'a b' \\\n  z   # why\nnpx c && curl -H "d: \\"e" f#g | h > i\n`),
      [['npm', 'run', 'x', '--', '--y', 'a b', 'z'], ['npx', 'c'], ['curl', '-H', 'd: \\"e', 'f#g'], ['h']]
    )
  })
})

async function assertNoneIsWrong(texts: readonly { place: string; command: string }[]): Promise<void> {
  const found = await Promise.all(
    texts.flatMap(({ place, command }) =>
      commandLines(command).map(async (words) => {
        const why = await wrongCommand(words)
        return why === undefined ? [] : [`${place}: ${words.join(' ')}: ${why.split('\n')[0]}`]
      })
    )
  )
  assert.deepEqual(found.flat(), [])
}
