/* What the page of the test does in a browser. */

globalThis.shop = {
  /** Sends a body bit by bit. @returns What came back, and the protocol by which. */
  async streamed() {
    const parts = ['one, ', 'two, ', 'three'].map((part) => new TextEncoder().encode(part))
    const body = new ReadableStream({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 20))
        const part = parts.shift()
        if (part) controller.enqueue(part)
        else controller.close()
      }
    })
    const response = await fetch('/shop/echo', { method: 'POST', body, duplex: 'half' })
    const text = await response.text()
    return [text, performance.getEntriesByName(response.url)[0].nextHopProtocol]
  },

  /** Reads so many events, over as many connections as that takes. */
  events(count) {
    return new Promise((resolve) => {
      const seen = []
      const source = new EventSource('/shop/events')
      source.addEventListener('message', ({ data }) => {
        if (seen.push(data) < count) return
        source.close()
        resolve(seen)
      })
    })
  },

  /** Says something, and closes with what is said back as its reason. */
  talked(text) {
    return new Promise((resolve) => {
      const socket = new WebSocket(`wss://${location.host}/socket`, ['chat'])
      socket.addEventListener('open', () => socket.send(text))
      socket.addEventListener('message', ({ data }) => socket.close(4001, data))
      socket.addEventListener('close', ({ code, reason }) => resolve([code, reason]))
    })
  },

  /** Who answers so many requests. */
  async servers(count) {
    const names = await Promise.all(
      Array.from({ length: count }, async () => (await fetch('/shop/who')).text())
    )
    return [...new Set(names)]
  },

  /** Sends the file that was chosen. */
  async uploaded() {
    const [file] = document.querySelector('input').files
    return await (await fetch('/sum', { method: 'PUT', body: file })).text()
  },

  download() {
    const link = document.createElement('a')
    link.href = '/shop/file'
    link.click()
  },

  /** Leaves in the midst of a response. @returns As what that fails. */
  async givenUp() {
    const leaving = new AbortController()
    const response = await fetch('/shop/never', { signal: leaving.signal })
    const reading = response.text().catch((error) => error.name)
    leaving.abort()
    return await reading
  },

  /** Asks another origin for what it lets pages have, and for what it does not. */
  async elsewhere(origin) {
    const headers = { 'x-own': '1' }
    const response = await fetch(`${origin}/open`, { method: 'PUT', headers, body: 'b' })
    const hasId = response.headers.get('x-request-id') !== null
    const refused = await fetch(`${origin}/seen`, { headers }).catch(() => 'refused')
    const seen = await response.json()
    return { method: seen.method, own: seen.headers['x-own'], hasId, refused }
  }
}
