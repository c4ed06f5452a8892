package greetings

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

var (
	environment = &envtest.Environment{CRDDirectoryPaths: []string{"crds"}, ErrorIfCRDPathMissing: true}
	config      *rest.Config
)

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	began := time.Now()
	var err error
	// A start that fails after its programs were ready leaves them running.
	defer func() {
		if err := environment.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}()
	if config, err = environment.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Printf("control plane ready in %d ms\n", time.Since(began).Milliseconds())
	if err := AddToScheme(scheme.Scheme); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func newClient(t *testing.T, config *rest.Config) client.Client {
	t.Helper()
	made, err := client.New(config, client.Options{Scheme: scheme.Scheme})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func eventually(t *testing.T, condition func(ctx context.Context) bool) {
	t.Helper()
	poll := func(ctx context.Context) (bool, error) { return condition(ctx), nil }
	if err := wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, 10*time.Second, true, poll); err != nil {
		t.Fatal(err)
	}
}

func TestGreetingGetsAConfigMapAndAStatus(t *testing.T) {
	manager, err := ctrl.NewManager(config, ctrl.Options{Metrics: server.Options{BindAddress: "0"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := (&Reconciler{manager.GetClient()}).SetupWithManager(manager); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- manager.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})

	admin := newClient(t, config)
	greeting := &Greeting{
		ObjectMeta: metav1.ObjectMeta{Name: "ada", Namespace: "default"},
		Spec:       GreetingSpec{Name: "Ada"},
	}
	if err := admin.Create(ctx, greeting); err != nil {
		t.Fatal(err)
	}
	var config corev1.ConfigMap
	eventually(t, func(ctx context.Context) bool {
		return admin.Get(ctx, client.ObjectKeyFromObject(greeting), &config) == nil && config.Data["text"] == "Hello, Ada!"
	})
	if !metav1.IsControlledBy(&config, greeting) {
		t.Errorf("the Greeting does not control its ConfigMap: %v", config.OwnerReferences)
	}
	eventually(t, func(ctx context.Context) bool {
		return admin.Get(ctx, client.ObjectKeyFromObject(greeting), greeting) == nil && greeting.Status.Text == "Hello, Ada!"
	})
	greeting.Spec.Language = "fr"
	if err := admin.Update(ctx, greeting); err != nil {
		t.Fatal(err)
	}
	eventually(t, func(ctx context.Context) bool {
		return admin.Get(ctx, client.ObjectKeyFromObject(greeting), &config) == nil && config.Data["text"] == "Bonjour, Ada!"
	})
}

func TestServerRefusesAGreetingWithoutAName(t *testing.T) {
	err := newClient(t, config).Create(t.Context(), &Greeting{
		ObjectMeta: metav1.ObjectMeta{Name: "empty", Namespace: "default"},
	})
	if !apierrors.IsInvalid(err) {
		t.Errorf("want an Invalid error, got %v", err)
	}
}

func TestUserHasOnlyTheRightsOfItsRoles(t *testing.T) {
	user, err := environment.AddUser(envtest.User{Name: "ben", Groups: []string{"readers"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	admin, ben := newClient(t, config), newClient(t, user.Config())
	list := func() error { return ben.List(t.Context(), &GreetingList{}, client.InNamespace("default")) }
	if err := list(); !apierrors.IsForbidden(err) {
		t.Errorf("want a Forbidden error, got %v", err)
	}
	named := metav1.ObjectMeta{Name: "readers", Namespace: "default"}
	rules := []rbacv1.PolicyRule{{APIGroups: []string{"example.com"}, Resources: []string{"greetings"}, Verbs: []string{"list"}}}
	if err := admin.Create(t.Context(), &rbacv1.Role{ObjectMeta: named, Rules: rules}); err != nil {
		t.Fatal(err)
	}
	if err := admin.Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: named,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "readers"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "Group", Name: "readers"}},
	}); err != nil {
		t.Fatal(err)
	}
	if err := list(); err != nil {
		t.Error(err)
	}
}
