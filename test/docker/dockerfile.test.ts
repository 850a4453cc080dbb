import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { execForm, lastOf, ownDockerfile, parseDockerfile, ROOT, withParents } from './dockerfile.ts'

const STAGES = await ownDockerfile()
const IMAGES = ['gateway', 'marketplace']
const ALL = STAGES.flatMap(({ instructions }) => instructions)
/** What is copied from the checkout. */
const SOURCES = ALL.filter(({ name, flags }) => name === 'COPY' && !flags.has('from')).flatMap(({ text }) =>
  text.split(/\s+/).slice(0, -1)
)

/** Whether a path gets past .dockerignore: the last pattern that fits decides. */
async function ignoredBy(): Promise<(path: string) => boolean> {
  const lines = (await readFile(join(ROOT, '.dockerignore'), 'utf8')).split('\n')
  const patterns = lines.filter((line) => line !== '' && !line.startsWith('#'))
  return (path) => {
    // What fits a folder fits all that is in it.
    const places = path.split('/').map((_, index, steps) => steps.slice(0, index + 1).join('/'))
    const fits = (pattern: string): boolean => places.some((place) => expressionOf(pattern).test(place))
    const decisive = patterns.findLast((pattern) => fits(pattern.replace('!', '')))
    return decisive !== undefined && !decisive.startsWith('!')
  }
}

function expressionOf(pattern: string): RegExp {
  const escaped = pattern.replaceAll('.', '\\.').replaceAll('**/', '(?:.+/)?')
  return new RegExp(`^${escaped.replaceAll('*', '[^/]*')}$`)
}

suite('the Dockerfile', () => {
  test('copies what is there and is not ignored, and nothing by ADD', async () => {
    const isIgnored = await ignoredBy()
    assert.ok(SOURCES.length >= 8)
    for (const source of SOURCES) {
      assert.ok(existsSync(join(ROOT, source)), source)
      assert.ok(!isIgnored(source), source)
    }
    assert.ok(!ALL.some(({ name }) => name === 'ADD'))
    for (const path of [
      '.git/config',
      'node_modules/fastify/package.json',
      'test/docker',
      'src/.xecureapi/secret'
    ]) {
      assert.ok(isIgnored(path), path)
    }
  })

  test('copies all that the build reads', async () => {
    const build = JSON.parse(await readFile(join(ROOT, 'tsconfig.build.json'), 'utf8')) as {
      include: string[]
    }
    assert.deepEqual(
      [...build.include, 'tsconfig.json', 'tsconfig.build.json'].filter((path) => !SOURCES.includes(path)),
      []
    )
  })

  test('runs nothing by a shell, and nothing as root', () => {
    for (const image of IMAGES) {
      const instructions = withParents(STAGES, image)
      const command = lastOf(instructions, 'CMD')
      assert.equal(execForm(command)?.[0], 'node', image)
      assert.equal(lastOf(instructions, 'USER').text, 'node', image)
      for (const each of instructions.filter(({ name }) => name === 'HEALTHCHECK')) assert.ok(execForm(each))
      assert.ok(!instructions.some(({ name }) => name === 'ENTRYPOINT' || name === 'SHELL'))
    }
  })

  test('begins with the Node that the package needs, and is for production', async () => {
    const { engines } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      engines: { node: string }
    }
    const names = STAGES.map(({ name }) => name)
    for (const { from } of STAGES) {
      if (!names.includes(from)) assert.equal(from, `node:${engines.node.replace('>=', '')}-slim`)
    }
    for (const image of IMAGES) {
      assert.ok(
        withParents(STAGES, image).some(
          ({ name, text }) => name === 'ENV' && text.includes('NODE_ENV=production')
        )
      )
    }
  })

  test('installs without scripts, and leaves the tools of the build behind', () => {
    const installs = ALL.filter(({ name, text }) => name === 'RUN' && text.includes('npm ci'))
    assert.equal(installs.length, 2)
    for (const { text } of installs) assert.match(text, /--ignore-scripts/)
    for (const image of IMAGES) {
      const run = withParents(STAGES, image).filter(({ text }) => text.includes('npm ci'))
      assert.deepEqual(
        run.map(({ text }) => /--omit=dev/.test(text)),
        [true]
      )
    }
  })
})

test('instructions are read with their flags, over lines, without comments', () => {
  const [build, last] = parseDockerfile(
    '# a\nFROM node:24 AS build\nRUN one \\\n  # not this\n  && two\nFROM build AS b\nCOPY --from=x --chown=1:1 a b ./\n'
  )
  assert.deepEqual(
    build?.instructions.map(({ name, text, line }) => [name, text, line]),
    [['RUN', 'one && two', 3]]
  )
  const [copy] = last?.instructions ?? []
  assert.deepEqual([copy?.text, copy?.flags.get('from'), copy?.flags.get('chown')], ['a b ./', 'x', '1:1'])
})
