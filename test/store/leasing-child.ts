/*
 * Keeps the lease of one backend, of two seconds, and renews it for each line of its input. Argument: the store's folder.
 * It prints `ready`, `renewed` or `too late` for each renewal, and `expired` when the lease has ended.
 */
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { FileStore } from '../../src/store/file-store.ts'
import { put } from './entries.ts'

const URL = 'http://backend:80'
const [folder = ''] = process.argv.slice(2)
const store = await FileStore.open({ folder, id: 'child', now: Date.now, log: { warn: () => undefined } })
store.on('expired', () => void writeSync(1, 'expired\n'))
await store.write(put(URL, 2000))
writeSync(1, 'ready\n')
for await (const _ of createInterface(process.stdin)) {
  writeSync(1, (await store.renew('catalog', URL)) ? 'renewed\n' : 'too late\n')
}
await store.close()
