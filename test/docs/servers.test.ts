import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { temporaryFolder } from '../config/temporary-folder.ts'
import { type IssuedCertificate, createAuthority } from '../helpers/certificates.ts'
import { runTool } from '../helpers/run-tool.ts'
import { type Block, placeOf } from './blocks.ts'
import { readDocuments } from './documents.ts'
import { waysOf } from './ways.ts'

const BLOCKS = (await readDocuments()).flatMap(({ blocks }) => blocks)
const SERVERS = BLOCKS.filter((block) => waysOf(block).includes('server'))
const UNITS = BLOCKS.filter((block) => waysOf(block).includes('unit'))

/** The command that looks at a file of a language, and what a fragment of it stands in. */
const LOOKERS: Readonly<Record<string, (file: string) => readonly [string, ...string[]]>> = {
  nginx: (file) => ['nginx', '-t', '-e', 'stderr', '-c', file],
  haproxy: (file) => ['haproxy', '-c', '-f', file],
  caddyfile: (file) => ['caddy', 'validate', '--adapter', 'caddyfile', '--config', file]
}

function wholeOf({ language, text }: Block, folder: string): string {
  if (language !== 'nginx') return text
  // It binds what it listens on, even to be looked at.
  const onSockets = text.replaceAll(
    /(listen\s+)([^\s;]+)/g,
    (_all, listen: string, address: string) => `${listen}unix:${folder}/${address.replaceAll(/\W/g, '-')}`
  )
  if (/^\s*http\s*\{/m.test(text)) return `pid ${folder}/pid;\n${onSockets}`
  return `pid ${folder}/pid;\nevents {}\nhttp {\naccess_log off;\n${onSockets}\n}\n`
}

/** Puts a certificate that is there in place of those that are named. */
async function withCertificates(
  text: string,
  folder: string,
  { cert, key }: IssuedCertificate
): Promise<string> {
  const [certFile, keyFile, both] = [
    join(folder, 'cert.pem'),
    join(folder, 'key.pem'),
    join(folder, 'both.pem')
  ]
  await writeFile(certFile, cert)
  await writeFile(keyFile, key)
  await writeFile(both, cert + key)
  return text
    .replaceAll(/(ssl_certificate\s+)[^;]+/g, `$1${certFile}`)
    .replaceAll(/(ssl_certificate_key\s+)[^;]+/g, `$1${keyFile}`)
    .replaceAll(/(\bcrt\s+)\S+/g, `$1${both}`)
}

suite('configurations of other servers in the documents', async () => {
  const certificate =
    SERVERS.length > 0 ? await (await createAuthority()).issue(['shop.example.com']) : undefined
  for (const block of SERVERS) {
    test(`${placeOf(block)} is what ${block.language} takes`, async (t) => {
      const folder = await temporaryFolder(t, {})
      const file = join(folder, block.language)
      await writeFile(file, await withCertificates(wholeOf(block, folder), folder, certificate!))
      const { code, stdout, stderr } = await runTool(...LOOKERS[block.language]!(file))
      assert.equal(code, 0, stdout + stderr)
    })
  }

  for (const block of UNITS) {
    test(`${placeOf(block)} has the parts of a unit of systemd`, () => {
      const lines = block.text.split('\n').filter((line) => line.trim() !== '' && !/^[#;]/.test(line))
      for (const line of lines)
        assert.match(line, /^(?:\[(?:Unit|Service|Install|Socket|Timer)\]|[A-Z]\w+=.*)$/)
      assert.ok(lines.some((line) => line.startsWith('[')))
    })
  }
})
