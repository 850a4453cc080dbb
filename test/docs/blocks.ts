/** A fenced block of a document. */
export interface Block {
  /** Name of its document. */
  readonly file: string
  /** Line of its opening fence, from 1. */
  readonly line: number
  /** The last heading above it; empty at the top. */
  readonly heading: string
  /** First word behind the opening fence, what it is coloured as; empty without. */
  readonly language: string
  /** The words behind the language, which say how it is checked. */
  readonly words: readonly string[]
  /** What stands between the fences, without the indentation of the opening one. */
  readonly text: string
}

const FENCE = /^( *)(`{3,}|~{3,})\s*(\S*)(.*)$/

/** The fenced blocks of a text, by CommonMark's rules as far as these documents use them. @throws Error for one without an end */
export function readBlocks(file: string, text: string): Block[] {
  const blocks: Block[] = []
  let heading = ''
  let open:
    | { readonly head: Omit<Block, 'text'>; readonly indent: number; readonly fence: string }
    | undefined
  let lines: string[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const [, indent = '', fence = '', language = '', rest = ''] = FENCE.exec(line) ?? []
    if (open) {
      if (fence.startsWith(open.fence) && language === '') {
        blocks.push({ ...open.head, text: lines.map((each) => `${each}\n`).join('') })
        open = undefined
      } else lines.push(line.slice(Math.min(open.indent, line.length - line.trimStart().length)))
    } else if (fence !== '') {
      const words = rest.split(' ').filter((word) => word !== '')
      open = { head: { file, line: index + 1, heading, language, words }, indent: indent.length, fence }
      lines = []
    } else heading = /^#+ (.+)$/.exec(line)?.[1] ?? heading
  }
  if (open) throw new Error(`${file}:${open.head.line}: the block has no end`)
  return blocks
}

/** Where a block stands, and below which heading: for names of tests and messages. */
export function placeOf({ file, line, heading }: Block): string {
  return `${file}:${line} (${heading})`
}

/** The value of a word such as `file=gateway.yaml`; undefined when there is none. */
export function wordOf({ words }: Block, name: string): string | undefined {
  return words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1)
}

/** A text without its fenced blocks: the lines stay, so that line numbers do. */
export function withoutBlocks(text: string): string {
  let fence: string | undefined
  return text
    .split('\n')
    .map((line) => {
      const [, , mark = '', language = ''] = FENCE.exec(line) ?? []
      if (fence === undefined) {
        if (mark !== '') fence = mark
        return mark === '' ? line : ''
      }
      if (mark.startsWith(fence) && language === '') fence = undefined
      return ''
    })
    .join('\n')
}
