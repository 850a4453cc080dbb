import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A certificate and its key, PEM. */
export interface IssuedCertificate {
  readonly cert: string
  readonly key: string
}

/** An authority that nobody trusts by itself. */
export interface Authority {
  /** Its own certificate, PEM. */
  readonly ca: string
  /**
   * @param names - DNS names and IP addresses that the certificate is for.
   * @param validity - `YYYYMMDDHHMMSSZ`; by default from now on for a year.
   */
  issue(names: readonly string[], validity?: { from: string; to: string }): Promise<IssuedCertificate>
}

/** Makes an authority for a test. */
export async function createAuthority(name = 'a test authority'): Promise<Authority> {
  const own = await keyPair()
  const ca = await inFolder(async (folder) => {
    await writeFile(join(folder, 'key'), own)
    const args = ['-x509', '-key', 'key', '-out', 'out', '-days', '365', '-subj', `/CN=${name}`]
    await run('openssl', ['req', ...args], { cwd: folder })
    return await readFile(join(folder, 'out'), 'utf8')
  })
  return {
    ca,
    issue: async (names, validity) => {
      const key = await keyPair()
      return { key, cert: await issue({ ca, caKey: own, key, names, validity }) }
    }
  }
}

interface Issue {
  readonly ca: string
  readonly caKey: string
  readonly key: string
  readonly names: readonly string[]
  readonly validity: { from: string; to: string } | undefined
}

async function issue({ ca, caKey, key, names, validity }: Issue): Promise<string> {
  const alternatives = names.map((name) => (/^[\d.]+$|:/.test(name) ? `IP:${name}` : `DNS:${name}`))
  return await inFolder(async (folder) => {
    const write = (file: string, text: string): Promise<void> => writeFile(join(folder, file), text)
    await Promise.all([write('ca', ca), write('cakey', caKey), write('key', key)])
    await write('extensions', `subjectAltName=${alternatives.join(',')}\n`)
    await run('openssl', ['req', '-new', '-key', 'key', '-out', 'request', '-subj', `/CN=${names[0]}`], {
      cwd: folder
    })
    // `openssl x509` can't set the dates; `openssl ca` can, with files of its own.
    await write('index', '')
    await write('config', CA_CONFIG)
    const dates = validity ? ['-startdate', validity.from, '-enddate', validity.to] : ['-days', '365']
    const args = ['-config', 'config', '-in', 'request', '-out', 'out', '-extfile', 'extensions', '-batch']
    await run('openssl', ['ca', ...args, '-notext', '-create_serial', ...dates], { cwd: folder })
    return await readFile(join(folder, 'out'), 'utf8')
  })
}

const CA_CONFIG = `[ca]
default_ca = own
[own]
database = index
serial = serial
new_certs_dir = .
certificate = ca
private_key = cakey
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
`

async function keyPair(): Promise<string> {
  const { stdout } = await run('openssl', [
    'genpkey',
    '-algorithm',
    'EC',
    '-pkeyopt',
    'ec_paramgen_curve:P-256'
  ])
  return stdout
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'certificates-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
