//go:build ignore

// Runs a health check as Argo CD does, with its libraries for Lua. Standard input has `{ script, object }`.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	lua "github.com/yuin/gopher-lua"
)

func main() {
	var input struct {
		Script string
		Object any
	}
	if err := json.NewDecoder(os.Stdin).Decode(&input); err != nil {
		panic(err)
	}
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for name, open := range map[string]lua.LGFunction{
		lua.LoadLibName: lua.OpenPackage, lua.BaseLibName: lua.OpenBase, lua.TabLibName: lua.OpenTable,
	} {
		if err := state.CallByParam(lua.P{Fn: state.NewFunction(open), Protect: true}, lua.LString(name)); err != nil {
			panic(err)
		}
	}
	state.SetGlobal("obj", luaValue(state, input.Object))
	if err := state.DoString(input.Script); err != nil {
		panic(err)
	}
	health := state.Get(-1).(*lua.LTable)
	fmt.Printf("%s: %s", health.RawGetString("status"), health.RawGetString("message"))
}

func luaValue(state *lua.LState, value any) lua.LValue {
	switch each := value.(type) {
	case bool:
		return lua.LBool(each)
	case float64:
		return lua.LNumber(each)
	case string:
		return lua.LString(each)
	case []any:
		list := state.CreateTable(len(each), 0)
		for _, item := range each {
			list.Append(luaValue(state, item))
		}
		return list
	case map[string]any:
		table := state.CreateTable(0, len(each))
		for key, item := range each {
			table.RawSetString(key, luaValue(state, item))
		}
		return table
	}
	return lua.LNil
}
