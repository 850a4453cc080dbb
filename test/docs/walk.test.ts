import '../helpers/compile-cache.ts'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { makeCheckout } from './checkout.ts'
import { type Document, readDocuments } from './documents.ts'
import { PortMap, portsIn } from './port-map.ts'
import { ShellSession } from './shell-session.ts'
import { type Shop, openShop, shopPorts } from './shop.ts'
import { hasOwnGateway, isWalked, stepsOf, walk } from './walk.ts'

const DOCUMENTS = (await readDocuments()).filter(({ blocks }) => isWalked(blocks))

/** Follows one document in a folder of its own. */
async function follow({ blocks }: Document, base: PortMap): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'xecureapi-docs-'))
  const walked = blocks.filter((block) => stepsOf(block).length > 0)
  const ports = await PortMap.for(portsIn(walked.map(({ text }) => text).join('\n')), base)
  const env = await makeCheckout(folder, ports)
  const shell = new ShellSession(folder, env)
  try {
    await walk(walked, shell, ports)
  } finally {
    await shell.close()
    await rm(folder, { recursive: true, force: true, maxRetries: 20 })
  }
}

suite('what a document tells to do, does what it says', { concurrency: 2 }, () => {
  const talking = DOCUMENTS.filter(({ blocks }) => !hasOwnGateway(blocks))

  suite('with the demo', { concurrency: 1 }, () => {
    let shop: Shop | undefined
    let folder: string
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'xecureapi-docs-shop-'))
      const ports = await shopPorts()
      shop = await openShop(folder, await makeCheckout(folder, ports), ports)
    })
    after(async () => {
      await shop?.close()
      await rm(folder, { recursive: true, force: true, maxRetries: 20 })
    })
    // One after the other: what one takes out of service, another would miss.
    for (const document of talking) {
      test(document.name, async () => {
        await follow(document, shop!.ports)
        await shop!.tidy()
      })
    }
  })

  suite('with a gateway of its own', () => {
    for (const document of DOCUMENTS.filter(({ blocks }) => hasOwnGateway(blocks))) {
      test(document.name, () => follow(document, new PortMap(new Map())))
    }
  })
})
