/** The commands of a shell text, each as its words: comments, continuations and what stands between commands are gone. */
export function commandLines(text: string): string[][] {
  const commands: string[][] = [[]]
  // A quoted part may stand anywhere in a word: header:'a b'.
  const token = /\\\n|#[^\n]*|&&|\|\||[;|&\n()]|(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s;|&()'"\\])+|\s/g
  let spaceBefore = true
  for (const [part] of text.matchAll(token)) {
    // Only at the beginning of a word it is a comment.
    if (/^(?:&&|\|\||[;|&\n()])$/.test(part)) commands.push([])
    else if (part.trim() !== '' && part !== '\\\n' && !(part.startsWith('#') && spaceBefore)) {
      commands.at(-1)!.push(unquoted(part))
    }
    spaceBefore = /^\s|^[;|&()]/.test(part)
  }
  return commands.map(withoutAssignments).filter((words) => words.length > 0)
}

function unquoted(word: string): string {
  return word.replaceAll(
    /'([^']*)'|"((?:\\.|[^"\\])*)"/g,
    (_all, one?: string, two?: string) => one ?? two ?? ''
  )
}

/** `A=b command` is `command`; redirections are no words. */
function withoutAssignments(words: readonly string[]): string[] {
  const begin = words.findIndex((word) => !/^\w+=/.test(word))
  if (begin < 0) return []
  const redirected = words.slice(begin).findIndex((word) => /^\d?[<>]/.test(word))
  return words.slice(begin, redirected < 0 ? undefined : begin + redirected)
}
