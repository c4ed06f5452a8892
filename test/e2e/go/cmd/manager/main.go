// A controller-runtime manager: leader election, a cached client, an index, a finalizer, owner references, status
// through its subresource, events. For each Widget it keeps a ConfigMap and counts it in the Widget's status.
package main

import (
	"context"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

const finalizer = "e2e.typekro.dev/finalizer"

var widgetKind = schema.GroupVersionKind{Group: "e2e.typekro.dev", Version: "v1", Kind: "Widget"}

func newWidget() *unstructured.Unstructured {
	widget := &unstructured.Unstructured{}
	widget.SetGroupVersionKind(widgetKind)
	return widget
}

type reconciler struct {
	client.Client
	events events.EventRecorder
}

func (r *reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	widget := newWidget()
	if err := r.Get(ctx, request.NamespacedName, widget); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !widget.GetDeletionTimestamp().IsZero() {
		if controllerutil.RemoveFinalizer(widget, finalizer) {
			fmt.Println("finalized", widget.GetName())
			return ctrl.Result{}, r.Update(ctx, widget)
		}
		return ctrl.Result{}, nil
	}
	if controllerutil.AddFinalizer(widget, finalizer) {
		return ctrl.Result{}, r.Update(ctx, widget)
	}
	colour, _, _ := unstructured.NestedString(widget.Object, "spec", "colour")
	configMap := &corev1.ConfigMap{}
	configMap.Name, configMap.Namespace = widget.GetName(), widget.GetNamespace()
	done, err := controllerutil.CreateOrPatch(ctx, r.Client, configMap, func() error {
		configMap.Data = map[string]string{"colour": colour}
		return controllerutil.SetControllerReference(widget, configMap, r.Scheme())
	})
	if err != nil {
		return ctrl.Result{}, err
	}
	if done != controllerutil.OperationResultNone {
		r.events.Eventf(widget, configMap, corev1.EventTypeNormal, "Painted", "Paint", "painted it %s", colour)
	}
	shown, _, _ := unstructured.NestedString(widget.Object, "status", "colour")
	if shown == colour {
		return ctrl.Result{}, nil
	}
	if err := unstructured.SetNestedField(widget.Object, colour, "status", "colour"); err != nil {
		return ctrl.Result{}, err
	}
	return ctrl.Result{}, r.Status().Update(ctx, widget)
}

func run(namespace string) error {
	ctrl.SetLogger(zap.New(zap.WriteTo(os.Stderr)))
	config, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	manager, err := ctrl.NewManager(config, ctrl.Options{
		Cache:                         cache.Options{DefaultNamespaces: map[string]cache.Config{namespace: {}}},
		Metrics:                       server.Options{BindAddress: "0"},
		LeaderElection:                true,
		LeaderElectionID:              "e2e.typekro.dev",
		LeaderElectionNamespace:       namespace,
		LeaderElectionReleaseOnCancel: true,
	})
	if err != nil {
		return err
	}
	ctx := ctrl.SetupSignalHandler()
	err = manager.GetFieldIndexer().IndexField(ctx, newWidget(), "spec.colour", func(object client.Object) []string {
		colour, _, _ := unstructured.NestedString(object.(*unstructured.Unstructured).Object, "spec", "colour")
		return []string{colour}
	})
	if err != nil {
		return err
	}
	err = ctrl.NewControllerManagedBy(manager).Named("widget").For(newWidget()).Owns(&corev1.ConfigMap{}).
		Complete(&reconciler{manager.GetClient(), manager.GetEventRecorder("widget-controller")})
	if err != nil {
		return err
	}
	go func() {
		<-manager.Elected()
		fmt.Println("leading")
	}()
	return manager.Start(ctx)
}

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
