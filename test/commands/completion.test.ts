import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { completionScript } from '../../src/commands/completion.ts'
import { COMMAND_WORDS, OPTIONS } from '../../src/commands/grammar.ts'
import { UsageError } from '../../src/commands/main.ts'

const SHELLS = ['bash', 'zsh', 'fish'] as const

const isThere = (shell: string): boolean => spawnSync(shell, ['-c', 'exit 0']).status === 0

/** Sources the script and completes each line at its end; one line of offers each. */
function completeInBash(lines: readonly (readonly string[])[]): string[][] {
  const tries = lines.map((words) => {
    const quoted = ['xecureapi', ...words].map((word) => `'${word}'`).join(' ')
    return `COMP_WORDS=(${quoted}); COMP_CWORD=${words.length}; _xecureapi; echo "\${COMPREPLY[*]}"`
  })
  const input = `${completionScript('bash')}\n${tries.join('\n')}\n`
  const said = execFileSync('bash', ['--norc', '-u'], { input, encoding: 'utf8', cwd: import.meta.dirname })
  return said
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ').filter((word) => word !== ''))
}

describe('completion', () => {
  for (const shell of SHELLS) {
    test(`the script for ${shell} has every command, subcommand and option`, () => {
      const script = completionScript(shell)
      const subcommands = [COMMAND_WORDS.backends, COMMAND_WORDS.completion].flatMap((command) =>
        Object.keys(command.subcommands)
      )
      const options = Object.keys(OPTIONS).map((name) => (shell === 'fish' ? `-l ${name}` : `--${name}`))
      for (const word of [...Object.keys(COMMAND_WORDS), ...subcommands, ...options]) {
        assert.ok(script.includes(word), word)
      }
    })

    test(`the script for ${shell} has no error that ${shell} would find`, { skip: !isThere(shell) }, () => {
      const { status, stderr } = spawnSync(shell, ['-n'], {
        input: completionScript(shell),
        encoding: 'utf8'
      })
      assert.deepEqual([status, stderr], [0, ''])
    })
  }

  test('there is none for another shell', () => {
    for (const shell of ['tcsh', 'constructor', '']) assert.throws(() => completionScript(shell), UsageError)
  })

  test(
    'bash completes commands, subcommands, options and values where they belong',
    { skip: !isThere('bash') },
    () => {
      const cases: readonly (readonly [readonly string[], readonly string[]])[] = [
        [['s'], ['start', 'status', 'schema']],
        [
          ['backends', ''],
          ['list', 'add', 'drain', 'enable', 'remove', '--config', '-c', '--help', '-h']
        ],
        [['--token', 'start', 'backends', 'dr'], ['drain']],
        [['backends', 'remove', 'catalog', '--n'], ['--now']],
        [['backends', 'drain', 'catalog', '--n'], []],
        [
          ['backends', 'add', '--initially', ''],
          ['healthy', 'unhealthy']
        ],
        [
          ['explain', 'GET', '/', '--'],
          ['--header', '--client', '--admin', '--token', '--config', '--help']
        ],
        [['completion', 'z'], ['zsh']],
        [['status', '--admin', ''], []],
        [['nothing', ''], []],
        [['-c', 'completion.t'], ['completion.test.ts']]
      ]
      const offered = completeInBash(cases.map(([words]) => words))
      assert.deepEqual(
        offered,
        cases.map(([, offers]) => offers)
      )
    }
  )
})
