package supervisors_test

import (
	"context"
	"fmt"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/erlmcp/erlmcp/supervisors"
)

type greeter struct{}

func (*greeter) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case chan string:
		m <- "hello"
	case error:
		panic(m)
	}
}

func Example() {
	sys := supervisors.NewSystem(supervisors.Options{})
	root, err := sys.Start(supervisors.Spec{
		Strategy:  supervisors.RestForOne,
		Intensity: supervisors.DefaultIntensity,
		Period:    supervisors.DefaultPeriod,
		Children: []supervisors.ChildSpec{
			{ID: "greeter", Start: supervisors.Actor(func() actor.Actor { return &greeter{} })},
			{ID: "clock", Start: supervisors.Service(func(ctx context.Context) error {
				<-ctx.Done()
				return nil
			})},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	children, _ := root.WhichChildren()
	for _, c := range children {
		fmt.Println(c.ID, c.Type)
	}
	answer := make(chan string)
	sys.ActorSystem().Root.Send(children[1].PID, answer)
	fmt.Println(<-answer)

	_ = root.Shutdown(context.Background())
	fmt.Println(root.Reason())
	// Output:
	// clock worker
	// greeter worker
	// hello
	// shutdown
}

func ExampleDynamic() {
	sessions := supervisors.NewDynamic(supervisors.DynamicSpec{
		Name: "sessions",
		Template: supervisors.ChildSpec{
			Restart: supervisors.Transient,
			Start:   supervisors.ActorWith(func(any) actor.Actor { return &greeter{} }),
		},
		Ended: func(key string, _ any, reason supervisors.ExitReason) { fmt.Println(key, reason) },
	})
	sys := supervisors.NewSystem(supervisors.Options{})
	root, err := sys.Start(supervisors.Spec{Children: []supervisors.ChildSpec{sessions.ChildSpec()}})
	if err != nil {
		fmt.Println(err)
		return
	}
	child, _ := sessions.StartChild("s1", nil)
	fmt.Println(sessions.Count())
	_ = sessions.TerminateChild(child.PID)
	_ = root.Stop(supervisors.Shutdown)
	// Output:
	// 1
	// s1 shutdown
}
