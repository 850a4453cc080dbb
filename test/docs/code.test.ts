import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { type Block, placeOf, wordOf } from './blocks.ts'
import { ROOT, readDocuments } from './documents.ts'
import { waysOf } from './ways.ts'

const BLOCKS = (await readDocuments()).flatMap(({ blocks }) => blocks)

test('programs and modules in the documents have the types that the package has', async (t) => {
  const code = BLOCKS.filter((block) => waysOf(block).includes('code'))
  const folder = await mkdtemp(join(tmpdir(), 'xecureapi-docs-code-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  await mkdir(join(folder, 'node_modules'))
  for (const name of await readdir(join(ROOT, 'node_modules'))) {
    await symlink(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name))
  }
  await symlink(ROOT, join(folder, 'node_modules/xecureapi-gateway'))
  const places = new Map<string, Block>()
  for (const block of code) {
    const file = join(block.file.replaceAll(/\W/g, '-'), nameOf(block))
    places.set(dirname(file), block)
    await mkdir(dirname(join(folder, file)), { recursive: true })
    await writeFile(join(folder, file), block.text)
  }
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig()))
  const said = await new Promise<string>((resolve) => {
    execFile(join(ROOT, 'node_modules/.bin/tsc'), ['-p', folder], { cwd: folder }, (error, stdout, stderr) =>
      resolve(error ? stdout + stderr : '')
    )
  })
  assert.equal(said, '', code.map(placeOf).join('\n'))
})

/** Blocks of one document see each other by the names of their files. */
function nameOf(block: Block): string {
  return wordOf(block, 'file') ?? `line-${block.line}.${block.language}`
}

function tsconfig(): unknown {
  return {
    compilerOptions: {
      target: 'es2024',
      module: 'nodenext',
      lib: ['es2024', 'esnext.disposable'],
      types: ['node'],
      strict: true,
      allowJs: true,
      checkJs: true,
      erasableSyntaxOnly: true,
      allowImportingTsExtensions: true,
      skipLibCheck: true,
      noEmit: true
    },
    exclude: ['node_modules']
  }
}
