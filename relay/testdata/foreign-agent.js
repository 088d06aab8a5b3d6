// An agent made of the npm package reverse-http, which others wrote. Usage:
// NODE_PATH=… node foreign-agent.js PORT PATH
'use strict'
const reverse = require('reverse-http')
const [port, path] = process.argv.slice(2)

const server = reverse({ hostname: '127.0.0.1', port: Number(port), path }, (req, res) => {
  const chunks = []
  req.on('data', chunk => chunks.push(chunk))
  req.on('end', () => {
    const body = Buffer.concat(chunks)
    if (req.url === '/empty') {
      res.writeHead(204)
      res.end()
      return
    }
    res.setHeader('X-Saw', req.method + ' ' + req.url + ' ' + req.headers.host)
    if (req.method === 'HEAD') {
      res.setHeader('Content-Length', 1234)
      res.end()
      return
    }
    res.end(body.length ? body : 'hello')
  })
})
server.on('error', err => { console.error(err); process.exit(1) })
