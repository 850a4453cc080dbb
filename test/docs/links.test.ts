import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join, normalize } from 'node:path'
import { suite, test } from 'node:test'
import { withoutBlocks } from './blocks.ts'
import { ROOT, readDocuments } from './documents.ts'

const DOCUMENTS = await readDocuments()

/** Where the headings of a text lead to, as GitHub makes it. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of withoutBlocks(text).matchAll(/^#+ (.+)$/gm)) {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const anchor = plain.replaceAll(/[^\p{L}\p{N}_\- ]/gu, '').replaceAll(' ', '-')
    let unique = anchor
    for (let n = 1; anchors.has(unique); n++) unique = `${anchor}-${n}`
    anchors.add(unique)
  }
  return anchors
}

/** The targets of links, but for those that lead out of the project. */
function linksOf(text: string): string[] {
  const plain = withoutBlocks(text).replaceAll(/`[^`]*`/g, '')
  return [...plain.matchAll(/\]\(([^)\s]+)\)/g)].map(([, to = '']) => to).filter((to) => !/^[a-z]+:/.test(to))
}

suite('links in the documents', () => {
  for (const { name, text } of DOCUMENTS) {
    test(`${name} leads only to what is there`, () => {
      const dead = linksOf(text).filter((link) => {
        const [path = '', anchor] = link.split('#')
        const target = path === '' ? name : normalize(join(name, '..', path))
        if (!existsSync(join(ROOT, target))) return true
        const document = DOCUMENTS.find((each) => each.name === target)
        return anchor !== undefined && document !== undefined && !anchorsOf(document.text).has(anchor)
      })
      assert.deepEqual(dead, [])
    })
  }

  test('lead to every document of docs/ from docs/README.md', () => {
    const index = DOCUMENTS.find(({ name }) => name === 'docs/README.md')
    if (!index) return
    const there = new Set(linksOf(index.text).map((link) => link.split('#')[0]))
    const missing = DOCUMENTS.filter(
      ({ name }) => /^docs\/(?!README)[^/]+\.md$/.test(name) && !there.has(name.slice(5))
    )
    assert.deepEqual(
      missing.map(({ name }) => name),
      []
    )
  })
})
