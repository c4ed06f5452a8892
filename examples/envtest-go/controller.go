package greetings

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
)

var words = map[string]string{"en": "Hello", "fr": "Bonjour"}

// Reconciler writes the ConfigMap and the status of each Greeting.
type Reconciler struct{ client.Client }

// SetupWithManager registers the controller.
func (r *Reconciler) SetupWithManager(manager ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(manager).For(&Greeting{}).Owns(&corev1.ConfigMap{}).Complete(r)
}

// Reconcile implements reconcile.Reconciler.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	var greeting Greeting
	if err := r.Get(ctx, request.NamespacedName, &greeting); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	text := fmt.Sprintf("%s, %s!", words[greeting.Spec.Language], greeting.Spec.Name)
	config := corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: greeting.Name, Namespace: greeting.Namespace}}
	if _, err := controllerutil.CreateOrUpdate(ctx, r.Client, &config, func() error {
		config.Data = map[string]string{"text": text}
		return controllerutil.SetControllerReference(&greeting, &config, r.Scheme())
	}); err != nil {
		return ctrl.Result{}, err
	}
	if greeting.Status.Text == text {
		return ctrl.Result{}, nil
	}
	greeting.Status.Text = text
	return ctrl.Result{}, r.Status().Update(ctx, &greeting)
}
