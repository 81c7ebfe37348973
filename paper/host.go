package paper

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/emscripten"
)

const pageSize = 64 << 10 // of WebAssembly's memory

// errAborted: PDFium gave up by itself.
var errAborted = errors.New("PDFium gave up")

// boxKey is where a call from inside finds its sandbox.
type boxKey struct{}

// host gives the module what it was linked against (Emscripten's runtime and WASI), nearly all of it a refusal: the code asks
// for files and directories because PDFium can, and there are none here.
func host(ctx context.Context, r wazero.Runtime, m wazero.CompiledModule) error {
	jumps, err := emscripten.NewFunctionExporterForModule(m) // setjmp and longjmp, which libjpeg and libpng use
	if err != nil {
		return err
	}
	rooms := map[string]wazero.HostModuleBuilder{}
	for _, f := range m.ImportedFunctions() {
		from, name, _ := f.Import()
		if rooms[from] == nil {
			rooms[from] = r.NewHostModuleBuilder(from)
			if from == "env" {
				jumps.ExportFunctions(rooms[from])
			}
		}
		if strings.HasPrefix(name, "invoke_") || name == "_emscripten_throw_longjmp" {
			continue
		}
		rooms[from].NewFunctionBuilder().WithGoModuleFunction(answer(name, len(f.ResultTypes())), f.ParamTypes(), f.ResultTypes()).Export(name)
	}
	for _, room := range rooms {
		if _, err := room.Instantiate(ctx); err != nil {
			return err
		}
	}
	return nil
}

// answer is what the module hears when it calls one of its imports.
func answer(name string, results int) api.GoModuleFunc {
	switch name {
	case "emscripten_resize_heap":
		return grow
	case "_emscripten_memcpy_js":
		return move
	case "emscripten_date_now":
		return func(_ context.Context, _ api.Module, stack []uint64) {
			stack[0] = api.EncodeF64(float64(time.Now().UnixMilli()))
		}
	case "_abort_js", "__assert_fail":
		return func(context.Context, api.Module, []uint64) { panic(errAborted) }
	case "environ_sizes_get":
		return func(_ context.Context, m api.Module, stack []uint64) {
			ok := m.Memory().WriteUint32Le(uint32(stack[0]), 0) && m.Memory().WriteUint32Le(uint32(stack[1]), 0)
			stack[0] = map[bool]uint64{false: 28}[ok] // EINVAL of WASI
		}
	case "environ_get":
		return func(_ context.Context, _ api.Module, stack []uint64) { stack[0] = 0 }
	}
	refusal := uint64(0xffffffd4) // -44, ENOENT of Emscripten's system calls
	if strings.HasPrefix(name, "fd_") {
		refusal = 8 // EBADF of WASI
	}
	return func(_ context.Context, _ api.Module, stack []uint64) {
		if results > 0 {
			stack[0] = refusal
		}
	}
}

// grow is emscripten_resize_heap: a fifth more than there was, if that is enough.
func grow(ctx context.Context, m api.Module, stack []uint64) {
	want, have := stack[0]&0xffffffff, uint64(m.Memory().Size())
	for _, size := range []uint64{max(want, have+have/5), want} {
		if _, ok := m.Memory().Grow(uint32((size - have + pageSize - 1) / pageSize)); ok {
			stack[0] = 1
			return
		}
	}
	if box, ok := ctx.Value(boxKey{}).(*sandbox); ok {
		box.full = true
	}
	stack[0] = 0
}

// move is memcpy.
func move(_ context.Context, m api.Module, stack []uint64) {
	from, ok := m.Memory().Read(uint32(stack[1]), uint32(stack[2]))
	if !ok || !m.Memory().Write(uint32(stack[0]), from) {
		panic(errAborted)
	}
}
