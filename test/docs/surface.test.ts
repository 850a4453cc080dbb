import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { COMMAND_WORDS, type CommandWords, OPTIONS } from '../../src/commands/grammar.ts'
import { readAdmin, startGateway } from '../helpers/gateway.ts'
import { ROOT } from './documents.ts'

async function read(name: string): Promise<string> {
  return await readFile(join(ROOT, 'docs', name), 'utf8')
}

/** The first cells of the tables' rows. */
function firstCells(text: string): string[] {
  return [...text.matchAll(/^\| (.+?) \|/gm)].map(([, cell = '']) => cell)
}

suite('what there is to ask for', () => {
  test('of the admin API is in the table of admin-api.md', async (t) => {
    const { gateway } = await startGateway(t, {})
    const { paths } = await readAdmin<{ paths: Record<string, object> }>(gateway, '/openapi.json')
    const cells = firstCells(await read('admin-api.md')).map((cell) =>
      cell.replaceAll('…/', '/api/registrations/')
    )
    const missing = Object.entries(paths).flatMap(([path, operations]) => {
      const written = new RegExp(`${path.replaceAll(/\{(\w+)\}/g, ':$1')}(?![/\\w])`)
      const named = cells.filter((cell) => written.test(cell)).join(' ')
      return Object.keys(operations)
        .map((method) => method.toUpperCase())
        .filter((method) => !named.includes(method))
        .map((method) => `${method} ${path}`)
    })
    assert.deepEqual(missing, [])
    assert.ok(Object.keys(paths).length >= 15)
  })

  test('of the command is in the tables of command.md', async () => {
    const named = firstCells(await read('command.md')).join('\n')
    const commands = Object.entries<CommandWords>(COMMAND_WORDS).flatMap(([name, { subcommands = {} }]) => {
      const below = Object.keys(subcommands)
      return below.length === 0
        ? [name]
        : below.map((word) => (name === 'completion' ? word : `${name} ${word}`))
    })
    const missing = [
      ...commands.map((name) => `\`${name}`),
      ...Object.keys(OPTIONS).map((name) => `--${name}`)
    ]
      // The first of several stands with its command.
      .filter((name) => !named.includes(name) && !named.includes(name.replace('`', ' ')))
    assert.deepEqual(missing, [])
  })
})
