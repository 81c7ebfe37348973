#!/bin/sh
# Fetches the pinned scripts of others, and PDFium as WebAssembly, and puts them where the binary embeds them.
# Nothing of them is committed: package-lock.json holds their versions and checksums.
set -eu
cd "$(dirname "$0")"
command -v npm >/dev/null || { echo "static/build.sh needs npm: install Node.js 20 or later" >&2; exit 1; }
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
cp node_modules/htmx.org/dist/htmx.min.js vendor/htmx.min.js
cp node_modules/idiomorph/dist/idiomorph-ext.min.js vendor/idiomorph-ext.min.js
cp node_modules/dompurify/dist/purify.min.js vendor/purify.min.js
cp node_modules/squire-rte/dist/squire.js vendor/squire.js
gzip -9nc node_modules/@embedpdf/pdfium/dist/pdfium.wasm >../paper/vendor/pdfium.wasm.gz
cp node_modules/@embedpdf/pdfium/LICENSE.pdfium ../paper/vendor/LICENSE.pdfium # goes with the binary, as it asks
