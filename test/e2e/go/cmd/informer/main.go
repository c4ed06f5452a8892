// A client-go program with the parts of a controller: a typed client that uses protobuf, a shared informer for
// ConfigMaps, and a dynamic informer for a custom resource. It prints one line for each event of the informers.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

// handlers prints events of one kind: "configmap add one 7".
func handlers(kind string, value func(metav1.Object) string) cache.ResourceEventHandler {
	line := func(event string, object any) {
		if gone, ok := object.(cache.DeletedFinalStateUnknown); ok {
			object = gone.Obj
		}
		meta := object.(metav1.Object)
		fmt.Println(kind, event, meta.GetName(), value(meta))
	}
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { line("add", object) },
		UpdateFunc: func(_, object any) { line("update", object) },
		DeleteFunc: func(object any) { line("delete", object) },
	}
}

func run(ctx context.Context, namespace string) error {
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		clientcmd.NewDefaultClientConfigLoadingRules(), nil).ClientConfig()
	if err != nil {
		return err
	}
	typed := rest.CopyConfig(config)
	typed.ContentType = "application/vnd.kubernetes.protobuf"
	client, err := kubernetes.NewForConfig(typed)
	if err != nil {
		return err
	}
	dynamicClient, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}

	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace(namespace),
		informers.WithTweakListOptions(func(options *metav1.ListOptions) { options.LabelSelector = "e2e=yes" }))
	configMaps := factory.Core().V1().ConfigMaps().Informer()
	if _, err := configMaps.AddEventHandler(handlers("configmap", func(object metav1.Object) string {
		return object.(*corev1.ConfigMap).Data["a"]
	})); err != nil {
		return err
	}
	widgetType := schema.GroupVersionResource{Group: "e2e.typekro.dev", Version: "v1", Resource: "widgets"}
	dynamicFactory := dynamicinformer.NewFilteredDynamicSharedInformerFactory(dynamicClient, 0, namespace, nil)
	widgets := dynamicFactory.ForResource(widgetType).Informer()
	if _, err := widgets.AddEventHandler(handlers("widget", func(object metav1.Object) string {
		return fmt.Sprint(object.GetGeneration())
	})); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	dynamicFactory.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), configMaps.HasSynced, widgets.HasSynced) {
		return fmt.Errorf("the caches did not fill")
	}
	fmt.Println("synced", len(configMaps.GetStore().List()), len(widgets.GetStore().List()))

	api := client.CoreV1().ConfigMaps(namespace)
	labels := map[string]string{"e2e": "yes"}
	made, err := api.Create(ctx, &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "made-", Labels: labels},
		Data:       map[string]string{"a": "go"},
		BinaryData: map[string][]byte{"b": {0, 255}},
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	made.Data["a"] = "gone"
	if made, err = api.Update(ctx, made, metav1.UpdateOptions{}); err != nil {
		return err
	}
	made.ResourceVersion = "1"
	if _, err = api.Update(ctx, made, metav1.UpdateOptions{}); err == nil {
		return fmt.Errorf("an update with an old resourceVersion went through")
	}
	fmt.Println("conflict", err)
	if err := api.Delete(ctx, made.Name, metav1.DeleteOptions{}); err != nil {
		return err
	}

	<-ctx.Done()
	return nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
