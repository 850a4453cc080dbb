import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { temporaryFolder } from '../config/temporary-folder.ts'
import { until } from '../helpers/until.ts'

test('a lease of two seconds outlives a pause of the process in which it was renewed all the time', async (t) => {
  const folder = await temporaryFolder(t, {})
  const child = spawn(process.execPath, [join(import.meta.dirname, 'leasing-child.ts'), folder], {
    stdio: ['pipe', 'pipe', 'inherit']
  })
  t.after(() => child.kill('SIGKILL'))
  const lines: string[] = []
  createInterface(child.stdout).on('line', (line) => lines.push(line))
  await until('it is ready', () => lines.includes('ready'))
  const renewing = setInterval(() => child.stdin.write('renew\n'), 100)
  t.after(() => clearInterval(renewing))
  await until('it renews', () => lines.includes('renewed'))
  child.kill('SIGSTOP')
  // Its clock is looked at once a second: it is late by more than a second then.
  await delay(2500)
  const before = lines.length
  child.kill('SIGCONT')
  await until('it is told of all renewals', () => lines.length > before + 20)
  assert.deepEqual(new Set(lines.slice(before)), new Set(['renewed']))
  // And it ends once nobody renews it any more.
  clearInterval(renewing)
  await until('it ends', () => lines.includes('expired'))
})
