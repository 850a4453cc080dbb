import assert from 'node:assert/strict'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { parse } from 'yaml'

const ROOT = join(import.meta.dirname, '..')

interface Step {
  readonly uses?: string
  readonly run?: string
  readonly if?: string
  readonly with?: Readonly<Record<string, unknown>>
}

interface Workflow {
  readonly permissions: Readonly<Record<string, string>>
  readonly concurrency: { readonly group: string; readonly 'cancel-in-progress': boolean }
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly 'timeout-minutes'?: number
        readonly strategy: { readonly matrix: { readonly node: readonly number[] } }
        readonly steps: readonly Step[]
      }
    >
  >
}

const workflow = parse(await readFile(join(ROOT, '.github/workflows/ci.yml'), 'utf8')) as Workflow
const jobs = Object.values(workflow.jobs)

suite('the workflow of CI', () => {
  test('runs .ci/run on the Node that the package needs, and on the next', async () => {
    const { engines } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      engines: { node: string }
    }
    const needed = Number(engines.node.replace('>=', ''))
    assert.equal(jobs.length, 1)
    for (const { strategy, steps } of jobs) {
      assert.deepEqual(strategy.matrix.node, [needed, needed + 2])
      assert.equal(steps.filter(({ run }) => run === '.ci/run').length, 1)
    }
    const { mode } = await stat(join(ROOT, '.ci/run'))
    assert.ok(mode & 0o100)
  })

  test('lets npm scripts run on that Node, which is a dependency of the project, before they do', () => {
    for (const { steps } of jobs) {
      const replacing = steps.findIndex(
        ({ run }) => run === 'npm install --package-lock-only --save-dev "node@${{ matrix.node }}"'
      )
      assert.equal(steps[replacing]?.if, 'matrix.node != 24')
      assert.ok(replacing >= 0 && replacing < steps.findIndex(({ run }) => run === '.ci/run'))
    }
  })

  test('may only read, keeps no credentials, caches what npm downloads and ends with what is superseded', () => {
    assert.deepEqual(workflow.permissions, { contents: 'read' })
    assert.equal(workflow.concurrency['cancel-in-progress'], true)
    for (const { steps, 'timeout-minutes': timeout } of jobs) {
      assert.ok(timeout)
      const uses = steps.flatMap((step) => step.uses ?? [])
      for (const action of uses) assert.match(action, /^actions\/[\w-]+@v\d+$/)
      const settings = Object.assign({}, ...steps.map((step) => step.with)) as Record<string, unknown>
      assert.deepEqual([settings['persist-credentials'], settings['cache']], [false, 'npm'])
      // What others may choose is never part of a script.
      for (const { run = '' } of steps) assert.doesNotMatch(run, /\$\{\{\s*(?:github|inputs)\b/)
    }
  })
})
