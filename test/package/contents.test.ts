import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { runTool } from '../helpers/run-tool.ts'
import { pack, packageFolder, ROOT } from './packed.ts'

const { tarball, size, unpackedSize, files } = await pack(await packageFolder({ after }))
const MB = 1_000_000

interface Manifest {
  readonly version: string
  readonly bin: Readonly<Record<string, string>>
  readonly main: string
  readonly types: string
  readonly sideEffects: readonly string[]
  readonly engines: { readonly node: string }
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>
}

const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Manifest

suite('what is published', () => {
  test('is what is built, and what says what it is', () => {
    const others = files.filter((file) => !/^dist\/(?:src|plugins|dashboard)\//.test(file))
    assert.deepEqual(others.toSorted(), [
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'dist/index.d.ts',
      'dist/index.js',
      'package.json'
    ])
  })

  test('has no test, no source, no source map and nothing of the dashboard but what is served', () => {
    for (const file of files) {
      if (file.startsWith('dist/dashboard/'))
        assert.match(file, /\/(?:index\.html|LICENSES\.md|assets\/[\w-]+\.(?:js|css|svg))$/)
      else if (file.startsWith('dist/')) assert.match(file, /\.(?:js|d\.ts)$/)
      assert.doesNotMatch(file, /\btests?\b|\.map$/)
    }
    assert.ok(!files.some((file) => file.startsWith('dist/src/dashboard/')))
  })

  test('has the types of every module, and no module without a source', () => {
    const modules = files.filter((file) => file.endsWith('.js') && !file.startsWith('dist/dashboard/'))
    assert.ok(modules.length > 300)
    for (const file of modules) {
      assert.ok(files.includes(file.replace(/\.js$/, '.d.ts')), file)
      assert.ok(existsSync(join(ROOT, file.replace('dist/', '').replace(/\.js$/, '.ts'))), file)
    }
  })

  test('has every file that package.json names', async () => {
    const named = [
      ...Object.values(manifest.bin),
      manifest.main,
      manifest.types,
      ...manifest.sideEffects,
      ...Object.values(manifest.exports).flatMap((target) =>
        typeof target === 'string' ? [] : Object.values(target)
      )
    ]
    const plain = named.filter((path) => !path.includes('*')).map((path) => path.replace('./', ''))
    assert.deepEqual(
      plain.filter((path) => !files.includes(path)),
      []
    )
    const plugins = (await readdir(join(ROOT, 'plugins'))).map((file) => file.replace('.ts', ''))
    for (const name of plugins)
      for (const end of ['js', 'd.ts']) assert.ok(files.includes(`dist/plugins/${name}.${end}`))
    assert.equal(manifest.engines.node, '>=24')
  })

  test('is as small as the documents say', async () => {
    const text = await readFile(join(ROOT, 'docs/plugins.md'), 'utf8')
    const [, packed, unpacked] =
      /under ([\d.]+) MB as it is downloaded, and under ([\d.]+) MB/.exec(text) ?? []
    assert.ok(size < Number(packed) * MB, `${size} bytes`)
    assert.ok(unpackedSize < Number(unpacked) * MB, `${unpackedSize} bytes`)
  })

  test('is sound by publint', async () => {
    const { code, stdout, stderr } = await runTool(
      join(ROOT, 'node_modules/.bin/publint'),
      'run',
      tarball,
      '--strict'
    )
    assert.equal(code, 0, stdout + stderr)
  })

  test('has types that resolve, of the entry and of every plugin, by attw', async () => {
    const plugins = files.flatMap((file) => /^dist\/(plugins\/[\w-]+)\.js$/.exec(file)?.[1] ?? [])
    assert.ok(plugins.length >= 20)
    const words = ['--profile', 'esm-only', '--format', 'ascii', '--include-entrypoints', ...plugins]
    const { code, stdout, stderr } = await runTool(join(ROOT, 'node_modules/.bin/attw'), tarball, ...words)
    assert.equal(code, 0, stdout + stderr)
    assert.match(stdout, /xecureapi-gateway\/plugins\/upstream-registry/)
  })
})
